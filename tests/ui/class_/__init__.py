"""Tests of the page “Class”."""
