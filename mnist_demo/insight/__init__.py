"""Analysis of trained models: weights, activations, attributions, misclassified images, comparisons and diagnoses."""
