"""Runs that last: saved, listed, reopened, exported."""
