"""Calibrated probabilities, and rejection of drawings that are not digits."""
