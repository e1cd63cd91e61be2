"""The page “Lesson”: nine parts, from pixels to a convolutional network, and a summary."""
