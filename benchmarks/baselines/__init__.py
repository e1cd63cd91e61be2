"""What people would use instead: plain programs, run as they stand. Nothing of this project is imported here."""
