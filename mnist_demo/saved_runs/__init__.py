"""Runs kept in folders that are written whole or not at all, opened again, and continued."""
