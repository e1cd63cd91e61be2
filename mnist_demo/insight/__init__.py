"""What a model has learned and where it fails."""
