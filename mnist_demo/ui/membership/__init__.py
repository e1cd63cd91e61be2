"""The class that a visitor is in or teaches, on all pages: what joins it, and the question that it is asked."""
