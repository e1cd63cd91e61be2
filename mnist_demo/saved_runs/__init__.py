"""Saved runs: atomically written folders that can be reopened, continued and exported; what else visitors keep."""
