"""Plain programs that people would use instead, run as they stand. Nothing of this project is imported here."""
