"""One training step as pictures and HTML; pure, so that it is tested without a page."""

import html
import math

import numpy as np

from mnist_demo.training.slow_motion import LayerStep, StepDetail
from mnist_demo.translation import _
from mnist_demo.ui.widgets.mosaics import full_colour, mosaic_png
from mnist_demo.ui.widgets.pictures import data_url, data_url_of


def batch_html(detail: StepDetail) -> str:
    """Return the images of the batch, dark ink on light, each with its label, what was read, and its loss as a bar."""
    largest = max(float(np.nan_to_num(detail.losses, posinf=0).max()), 1e-12)
    figures = []
    for image, label, guess, loss in zip(detail.images, detail.labels, detail.predicted, detail.losses, strict=True):
        wrong = guess != label
        number = format_number(float(loss), figures=2)
        words = _("A handwritten {label}, misread as {guess}, loss {loss}") if wrong else _(
            "A handwritten {label}, read correctly, loss {loss}"
        )  # fmt: skip
        alternative = html.escape(words.format(label=label, guess=guess, loss=number))
        share = min(float(loss) / largest, 1.0) if math.isfinite(loss) else 1.0
        read = f'<span class="guess">✗ {guess}</span>' if wrong else '<span class="guess">✓</span>'
        figures.append(
            f'<figure class="{"wrong" if wrong else ""}"><img src="{data_url_of(1 - image / 255)}" alt="{alternative}" '
            f'title="{alternative}"><figcaption><b>{label}</b> {read}<br>{html.escape(number)}'
            f'<span class="loss-bar"><span style="width:{share:.1%}"></span></span></figcaption></figure>'
        )
    return f'<div class="digit-grid batch">{"".join(figures)}</div>'


def tiles_html(title: str, tiles: np.ndarray, alternative: str, captions: list[str] | None = None) -> str:
    """Return signed numbers, float32 (u, h, w), as one picture of u tiles: blue above zero, vermilion below.

    What has the full colour stands beside `title`, HTML, and takes the place of ``{strongest}`` in `alternative`.
    `captions` stand under the tiles.
    """
    strongest = full_colour(tiles)
    columns = len(captions) if captions else min(12, len(tiles))
    number = format_number(strongest)
    under = "".join(f"<span>{html.escape(caption)}</span>" for caption in captions or [])
    scale = html.escape(_("full colour: ±{number}").format(number=number))
    return (
        f'<figure class="tiles"><figcaption><span>{title}</span> <small>{scale}</small></figcaption>'
        f'<img src="{data_url(mosaic_png(tiles, strongest, columns))}" '
        f'alt="{html.escape(alternative.format(strongest=number))}">'
        + (f'<div class="tile-captions" style="--columns:{columns}">{under}</div>' if under else "")
        + "</figure>"
    )


def layers_html(layers: tuple[LayerStep, ...]) -> str:
    """Return a table of what the step did to each parameter: norms of it, its gradient and its update."""
    rows = []
    for layer in layers:
        share = layer.update_norm / layer.weight_norm if layer.weight_norm else math.inf
        shape = " × ".join(map(str, layer.shape))
        numbers = (layer.weight_norm, layer.gradient_norm, layer.update_norm)
        cells = "".join(f"<td>{html.escape(format_number(number))}</td>" for number in numbers)
        percent = _("{percent} %").format(percent=f"{100 * share:.2g}") if math.isfinite(share) else "–"
        rows.append(
            f'<tr><th scope="row">{html.escape(f"{layer.layer} {layer.name}".strip())} <small>{shape}</small></th>'
            f"{cells}<td>{html.escape(percent)}</td></tr>"
        )
    titles = (_("Parameter"), "‖W‖", "‖∂L/∂W‖", "‖ΔW‖", "‖ΔW‖ / ‖W‖")
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in titles)
    body = "".join(rows)
    return (
        f'<div class="scrolls"><table class="figures"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def format_number(number: float, figures: int = 3) -> str:
    """Return a number with so many figures that mean something, short enough for a caption."""
    if not math.isfinite(number):
        return "∞" if number > 0 else "–" if math.isnan(number) else "−∞"
    text = f"{number:.{figures}g}" if number == 0 or 1e-4 <= abs(number) < 1e4 else f"{number:.1e}"
    return text.replace("-", "−")
