"""What the lesson computes, asks and shows; nothing of the page."""
