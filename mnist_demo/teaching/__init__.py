"""What the lesson computes and shows, without the page."""
