"""Pictures on the page: what is read in them, by whom, and what is no digit."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnist_demo.data.non_digits import draw_strokes
from mnist_demo.models.checkpoints import STARTER_PATH
from tests.drawing.drawn_digits import Bitmap, draw, four
from tests.drawing.test_picture_files import HEIC
from tests.ui.actions import document_of

pytestmark = pytest.mark.usefixtures("_own_server")


def _upload(page: AppTest, bitmap: Bitmap) -> str:
    """Give the page a picture under any name; return the captions that it then has."""
    file = io.BytesIO()
    Image.fromarray(bitmap).save(file, "PNG")
    page.file_uploader(key="picture").upload("photo", file.getvalue(), "application/octet-stream").run()
    assert not page.exception
    return "\n".join(caption.value for caption in page.caption)


def test_picture_is_read_by_every_model_and_letters_are_no_digits(page: AppTest) -> None:
    page.file_uploader(key="model-file").upload("mine.safetensors", STARTER_PATH.read_bytes(), "text/plain").run()

    assert "the digits that were found" in _upload(page, draw(four()))
    table = document_of(page, "readings")
    assert "How each model reads this picture" in table
    assert "mine" in table
    assert "Starter model" in table

    random = np.random.default_rng(0)
    word = np.hstack([draw(draw_strokes(f"letter {letter}", random)) for letter in "KAWX"])
    assert "I don’t think these are digits" in _upload(page, word)

    # As the command writes it: what is no digit among digits is a question mark.
    _upload(page, np.hstack([draw(four())[:, 60:230]] * 2 + [draw(draw_strokes("letter K", random))]))
    assert document_of(page, "readings").count("44?") == 2


def test_picture_of_a_telephone_is_read_and_of_a_document_it_is_said_what_to_do(page: AppTest) -> None:
    page.file_uploader(key="picture").upload("photo.heic", HEIC, "image/heic").run()
    assert not page.error
    assert "the digits that were found" in "\n".join(caption.value for caption in page.caption)
    page.file_uploader(key="picture").upload("sheet.pdf", b"%PDF-1.7\n", "application/pdf").run()
    (error,) = page.error
    assert "not a picture in a format that can be read" in error.value
    assert "save it as JPEG or PNG" in error.value
    assert not page.exception
