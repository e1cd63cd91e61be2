"""How strokes and pictures become what a model sees: the parts behind `mnist_demo.drawing`."""
