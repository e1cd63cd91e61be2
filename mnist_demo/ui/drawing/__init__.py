"""The bench to draw on: the canvas, what the models read, why, and the labelled drawings."""
