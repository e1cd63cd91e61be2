"""The tables of the class's page, which are strings of HTML."""

import re

import numpy as np

from mnist_demo.ui.class_.pictures import gain_html, handwriting_html


def test_misread_drawing_is_marked_and_counted() -> None:
    blank = np.zeros((28, 28), dtype=np.float32)
    drawings = {"first": (3, blank), "second": (3, blank), "not-read-yet": (4, blank)}
    html = handwriting_html(
        [("<Mina>", drawings), ("Juno", {"third": (7, blank)})], {"first": 5, "second": 3}, "second"
    )
    buttons = re.findall(
        r'<button type="button" class="(.*?)" data-value="(.*?)" aria-pressed="(.*?)" title="(.*?)"', html
    )
    assert buttons == [
        ("wrong", "first", "false", "3 by &lt;Mina&gt;, misread as 5"),
        ("", "second", "true", "3 by &lt;Mina&gt;"),
        ("", "not-read-yet", "false", "4 by &lt;Mina&gt;"),
        ("", "third", "false", "7 by Juno"),
    ]
    assert re.findall(r'<span aria-hidden="true">(.*?)</span>', html) == ["5"]
    assert re.findall(r"<td>([^<]+)</td></tr>", html) == ["1 of 3", "–"]  # of Juno's nothing is known


def test_gain_has_what_was_before_it_and_what_is_now() -> None:
    html = gain_html([("Drawings", 0.25, 0.75), ("The test images", 0.992, None)], ("Before", "Now"))
    assert html.index("Before") < html.index("Now")
    assert re.findall(r"<td>(?:<b>)?([\d.]+|–)", html) == ["25.0", "75.0", "99.2", "–"]
