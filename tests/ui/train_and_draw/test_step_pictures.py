import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from mnist_demo.training.slow_motion import LayerStep, StepDetail
from mnist_demo.ui.train_and_draw.step_pictures import (
    batch_html,
    format_fixed,
    format_number,
    layers_html,
    tiles_html,
)


def detail_of(losses: list[float]) -> StepDetail:
    count = len(losses)
    return StepDetail(
        step=1,
        epoch=1,
        learning_rate=0.5,
        batch_images=count,
        batch_loss=float(np.mean(losses)),
        images=np.full((count, 28, 28), 255, np.uint8),
        labels=np.arange(count),
        predicted=np.zeros(count, np.int64),
        losses=np.array(losses, np.float32),
        before=np.zeros((10, 28, 28), np.float32),
        gradient=np.zeros((10, 28, 28), np.float32),
        after=np.zeros((10, 28, 28), np.float32),
        layers=(),
    )


def test_batch_names_label_reading_and_loss_of_every_image_in_words() -> None:
    document = batch_html(detail_of([2.0, 0.5]))
    assert 'alt="A handwritten 0, read correctly, loss 2"' in document
    assert 'alt="A handwritten 1, misread as 0, loss 0.5"' in document
    assert re.findall(r'width:([\d.]+%)"', document) == ["100.0%", "25.0%"]


def test_batch_with_infinite_losses_still_has_bars_within_bounds() -> None:
    document = batch_html(detail_of([float("inf"), float("nan"), 1.0]))
    assert "loss ∞" in document
    assert re.findall(r'width:([\d.]+%)"', document) == ["100.0%"] * 3


def test_tiles_say_their_scale_and_are_a_picture_of_that_size() -> None:
    tiles = np.full((24, 5, 5), -0.25, np.float32)
    document = tiles_html("<b>W</b>", tiles, "at most {strongest} from zero")
    assert "full colour: ±0.25" in document
    assert 'alt="at most 0.25 from zero"' in document
    encoded = re.search(r"base64,([^\"]+)", document)
    assert encoded
    assert Image.open(io.BytesIO(base64.b64decode(encoded[1]))).size == (12 * 27 - 2, 2 * 27 - 2)


def test_layers_have_a_row_each_with_the_share_that_changed() -> None:
    layers = (LayerStep("Conv2d", "weight", (24, 1, 5, 5), 4.0, 0.5, 0.02), LayerStep("", "bias", (10,), 0.0, 1.0, 0.1))
    document = layers_html(layers)
    assert document.count('scope="row"') == 2
    assert "24 × 1 × 5 × 5" in document
    assert "0.5 %" in document
    assert "<td>–</td>" in document  # of nothing there is no share


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.01234, "0.0123"),
        (-1.5, "−1.5"),
        (2.5e-6, "2.5e−06"),
        (1.2e24, "1.2e+24"),
        (float("inf"), "∞"),
    ],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert format_number(number) == text


@pytest.mark.parametrize(("number", "text"), [(-0.459041, "−0.45904"), (-1.2e-7, "−1.2e−07"), (0.0, "0.00000")])
def test_numbers_of_a_sum_have_so_many_decimals_and_a_tiny_one_is_no_zero(number: float, text: str) -> None:
    assert format_fixed(number, 5) == text
