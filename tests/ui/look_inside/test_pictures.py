"""Pictures of weights, confusion matrices and galleries, without a page."""

import base64
import io
import re

import numpy as np
from PIL import Image

from mnist_demo.ui.look_inside.pictures import class_metrics_html, confusion_html, counts_html, intensity_chart
from mnist_demo.ui.widgets.mosaics import diverging_png, full_colour, mosaic_html, mosaic_png
from mnist_demo.ui.widgets.pictures import AGAINST_COLOUR, FOR_COLOUR, gallery_html, logits_html


def pixels_of(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_diverging_picture_is_blue_above_zero_vermilion_below_and_white_at_zero() -> None:
    pixels = pixels_of(diverging_png(np.array([[2.0, 0.0, -2.0, -9.0, np.nan]]), strongest=2.0))[0]
    assert tuple(pixels[0][:3]) == FOR_COLOUR
    assert tuple(pixels[1]) == (255, 255, 255, 255)
    assert tuple(pixels[2][:3]) == AGAINST_COLOUR
    assert tuple(pixels[3][:3]) == AGAINST_COLOUR  # beyond the strongest
    assert tuple(pixels[4][:3]) == (255, 255, 255)  # a weight that is no number any more


def test_strength_in_a_diverging_picture_grows_with_the_value() -> None:
    red = pixels_of(diverging_png(np.linspace(0, 1, 11)[None], strongest=1.0))[0, :, 0].astype(int)
    assert (np.diff(red) < 0).all()


def test_one_weight_that_stands_out_does_not_make_the_others_pale() -> None:
    weights = np.full((10, 28, 28), 0.5)
    weights[0, 0, 0] = 100
    assert full_colour(weights) == 0.5


def test_mosaic_shows_every_map_in_its_place_with_transparent_gaps() -> None:
    maps = np.zeros((5, 14, 14), np.float32)
    maps[3] = 1
    pixels = pixels_of(mosaic_png(maps, 1.0, columns=3))
    assert pixels.shape[:2] == (2 * 28 + 2, 3 * 28 + 2 * 2)
    assert tuple(pixels[40, 10]) == (*FOR_COLOUR, 255)  # second row, first column
    assert tuple(pixels[10, 10]) == (255, 255, 255, 255)
    assert pixels[10, 28, 3] == 0
    assert pixels[40, 70, 3] == 0  # there is no sixth map


def test_mosaic_has_a_text_alternative_that_cannot_break_out() -> None:
    assert 'alt="&lt;b&gt; &#34;x&#34;"' in mosaic_html(np.ones((2, 1, 1)), 1.0, 2, '<b> "x"')


def test_confusion_matrix_has_a_button_for_each_cell_that_says_what_is_in_it() -> None:
    confusion = np.diag(np.full(10, 40))
    confusion[4, 9], confusion[2, 7] = 10, 1
    shown = confusion_html(confusion, as_shares=False, selected=(4, 9))
    assert len(re.findall("<button", shown)) == 100
    assert 'data-value="4-9"' in shown
    assert 'aria-label="4 read as 9: 10 images, 20.0 % of that digit"' in shown
    assert 'aria-label="2 read as 7: 1 image, 2.4 % of that digit"' in shown
    assert shown.count('aria-pressed="true"') == 1
    assert ">10</button>" in shown
    shares = confusion_html(confusion, as_shares=True, selected=None)
    assert ">20.0</button>" in shares
    assert ">80.0</button>" in shares
    assert shares.count('aria-pressed="true"') == 0


def test_gallery_is_of_buttons_with_pictures_dark_on_light_and_marks_the_chosen_one() -> None:
    image = np.zeros((28, 28), np.float32)
    image[5, 7] = 1
    shown = gallery_html(
        [("test-1", image, "5 → 3 ✗", "a 5 read as 3", True), ("test-2", image, "5", "a 5", False)], "test-2", "Fives"
    )
    assert shown.count("<button") == 2
    assert 'role="group" aria-label="Fives"' in shown
    assert 'alt="a 5 read as 3"' in shown
    assert re.search(r'data-value="test-2" aria-pressed="true"', shown)
    assert re.search(r'data-value="test-1" aria-pressed="false"', shown)
    found = re.search(r"base64,([^\"]+)", shown)
    assert found
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))))
    assert pixels[5, 7] == 0
    assert pixels[0, 0] == 255


def test_figures_of_each_digit_mark_the_lowest_f1() -> None:
    f1 = np.linspace(0.5, 0.95, 10)
    shown = class_metrics_html(f1, f1, f1, np.arange(10) * 1000)
    assert shown.count("▼") == 1
    assert re.search(r'<th scope="row">0 <span[^>]*>▼', shown)
    assert "<td>9,000</td>" in shown


def test_logits_grow_from_the_middle_to_either_side() -> None:
    shown = logits_html(np.array([4.0, -2.0, *[0.0] * 8]))
    assert "left:50%;width:50.0%" in shown
    assert "right:50%;width:25.0%" in shown
    assert "+4.0" in shown
    assert "−2.0" in shown


def test_counts_and_intensities_are_all_there() -> None:
    shown = re.sub(r"<[^>]+>", " ", counts_html(np.full(10, 6000), np.full(10, 1000)))
    assert shown.split()[:5] == ["train", "test", "0", "6,000", "1,000"]
    counts = np.zeros(256, np.int64)
    counts[0], counts[255], counts[128] = 1000, 7, 3
    heights = intensity_chart(counts)["series"][0]["data"]
    assert len(heights) == 32
    assert (heights[0], heights[-1], heights[16]) == (1000, 7, 3)
