"""The page “Lesson”: ten parts, from pixels to a convolutional network, and a summary."""
