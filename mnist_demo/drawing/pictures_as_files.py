"""Digits in the content of a picture file: all that reading it takes, as one function that another process can call."""

import io

from mnist_demo.drawing.image import load_bitmap
from mnist_demo.drawing.pictures_of_digits import FoundDigit, find_digits


def find_digits_in_file(content: bytes) -> list[FoundDigit]:
    """Return the digits in a picture file; raise ImageError as `load_bitmap` and `find_digits` do."""
    return find_digits(load_bitmap(io.BytesIO(content)))
