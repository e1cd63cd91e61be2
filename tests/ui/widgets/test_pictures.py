import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from mnist_demo.translation import format_percent
from mnist_demo.ui.widgets.pictures import (
    bars_html,
    digit_choice_html,
    overlay_png,
    png_of,
    readings_html,
    samples_html,
    stages_html,
)


class Tags(HTMLParser):
    """Collects the start tags of a document, and fails on one that is not closed."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(document)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.found if found == tag]


def images(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 28, 28), dtype=np.float32)


def test_png_keeps_every_pixel() -> None:
    image = images(1)[0]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png_of(image)))), np.round(image * 255))


def test_bars_are_as_long_as_the_probabilities_and_the_best_is_marked() -> None:
    probabilities = np.full(10, 0.05, np.float32)
    probabilities[3] = 0.55
    document = bars_html(probabilities)
    bars = Tags(document).of("li")
    assert [bar["class"] for bar in bars].index("best") == 3
    assert re.findall(r"width:([\d.]+)%", document)[3] == "55.00"
    assert "55.0 %" in document


def test_bars_without_a_prediction_are_empty_and_name_no_number() -> None:
    document = bars_html(None)
    assert set(re.findall(r"width:([\d.]+)%", document)) == {"0.00"}
    assert document.count("–") == 10
    assert "best" not in document


def test_samples_show_dark_ink_on_light() -> None:
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 14, 14] = 1
    source = Tags(samples_html(image, np.array([1]), None)).of("img")[0]["src"]
    assert source is not None
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))
    assert (pixels[0, 0], pixels[14, 14]) == (255, 0)


def test_samples_mark_a_mistake_with_a_cross_a_class_and_words() -> None:
    document = samples_html(images(2), np.array([7, 4]), np.array([7, 9]))
    tags = Tags(document)
    assert [figure["class"] for figure in tags.of("figure")] == ["", "wrong"]
    assert [picture["alt"] for picture in tags.of("img")] == [
        "A handwritten 7, read correctly",
        "A handwritten 4, misread as 9",
    ]
    assert "✓ 7" in document
    assert "✗ 9" in document


def test_samples_before_a_model_show_labels_only() -> None:
    document = samples_html(images(1), np.array([5]), None)
    assert "<b>5</b>" in document
    assert "✓" not in document


def test_format_percent_keeps_the_decimals_asked_for() -> None:
    assert format_percent(0.9142, digits=2) == "91.42 %"
    assert format_percent(1.0, digits=1) == "100.0 %"


def test_readings_mark_who_disagrees_with_the_first_in_more_than_weight() -> None:
    document = readings_html([("Mine", 3, 0.9), ("Starter <1>", 3, 0.99), ("Old", 5, 0.4)], "Who reads what")
    assert [row["class"] for row in Tags(document).of("tr")] == ["", "", "differs"]
    assert document.count("≠") == 1
    assert "Starter &lt;1&gt;" in document


def test_stages_that_are_off_say_so() -> None:
    document = stages_html([("Cropped", "The box.", images(1)[0], True), ("Fitted", "The size.", images(1)[0], False)])
    assert [figure["class"] for figure in Tags(document).of("figure")] == ["", "off"]
    assert "Fitted (off)" in document
    assert "Cropped (off)" not in document


def test_overlay_is_blue_where_a_pixel_spoke_for_and_orange_where_against() -> None:
    contributions = np.zeros((28, 28), np.float32)
    contributions[3, 3], contributions[5, 5] = 1.0, -1.0
    pixels = np.asarray(Image.open(io.BytesIO(overlay_png(np.zeros((28, 28), np.float32), contributions))))
    assert pixels.shape == (28, 28, 3)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[3, 3].tolist() == [0, 114, 178]
    assert pixels[5, 5].tolist() == [213, 94, 0]


def test_digit_choice_has_a_button_for_each_digit_and_marks_the_one_that_was_read() -> None:
    buttons = Tags(digit_choice_html("Which one?", 7)).of("button")
    assert [button["data-value"] for button in buttons] == list("0123456789")
    assert [button["data-value"] for button in buttons if button["class"] == "read"] == ["7"]
