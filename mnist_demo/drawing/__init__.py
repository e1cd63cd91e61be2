"""Strokes or a picture to what a model sees, stage by stage; several digits in one picture; collections of drawings."""

from mnist_demo.drawing.image import image_from_bitmap, image_from_strokes
from mnist_demo.drawing.pictures_of_digits import find_digits

__all__ = ["find_digits", "image_from_bitmap", "image_from_strokes"]
