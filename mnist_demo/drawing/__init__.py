"""Preprocessing of strokes and pictures into 28 × 28 model input, segmentation of digits, and labelled drawings."""

from mnist_demo.drawing.image import image_from_bitmap, image_from_strokes
from mnist_demo.drawing.pictures_of_digits import find_digits

__all__ = ["find_digits", "image_from_bitmap", "image_from_strokes"]
