"""Honest probabilities, and telling digits from other drawings."""
