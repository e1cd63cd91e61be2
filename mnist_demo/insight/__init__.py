"""What a model has learned and where it fails, computed for the page that looks inside."""
