"""Data sets of digits from a folder, a download or scikit-learn, and synthetic digits."""
