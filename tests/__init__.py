"""The tests mirror the packages; `tests/e2e` drives the page in a real browser."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
