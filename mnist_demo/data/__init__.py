"""Sets of digits, and where they come from: a folder, a download, scikit-learn, or drawn by this program."""
