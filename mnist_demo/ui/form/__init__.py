"""The form of settings, on whatever page: what it holds, and what a link or a class fills in, locks or hides."""
