"""One training step as pictures and HTML; pure, so that it is tested without a page."""

import math

import numpy as np
from markupsafe import Markup

from mnist_demo.training.slow_motion import LayerStep, StepDetail
from mnist_demo.translation import _, format_decimal, numerals
from mnist_demo.ui.widgets.mosaics import full_colour, mosaic_png
from mnist_demo.ui.widgets.pictures import NOTHING, column_heads, data_url, data_url_of, titled_picture


def batch_html(detail: StepDetail) -> Markup:
    """Return the images of the batch, dark ink on light, each with its label, what was read, and its loss as a bar."""
    largest = max(float(np.nan_to_num(detail.losses, posinf=0).max()), 1e-12)
    figure = Markup(
        '<figure class="{kind}">{picture}<figcaption><b>{label}</b> <span class="guess">{read}</span><br>{number}'
        '<span class="loss-bar"><span style="width:{share:.1%}"></span></span></figcaption></figure>'
    )
    figures = []
    for image, label, guess, loss in zip(detail.images, detail.labels, detail.predicted, detail.losses, strict=True):
        wrong = guess != label
        number = format_number(float(loss), figures=2)
        words = _("A handwritten {label}, misread as {guess}, loss {loss}") if wrong else _(
            "A handwritten {label}, read correctly, loss {loss}"
        )  # fmt: skip
        figures.append(
            figure.format(
                kind="wrong" if wrong else "",
                picture=titled_picture(
                    data_url_of(1 - image / 255), words.format(label=label, guess=guess, loss=number)
                ),
                label=label,
                read=f"✗ {guess}" if wrong else "✓",
                number=number,
                share=min(float(loss) / largest, 1.0) if math.isfinite(loss) else 1.0,
            )
        )
    return Markup('<div class="digit-grid batch">{}</div>').format(NOTHING.join(figures))


def tiles_html(title: str, tiles: np.ndarray, alternative: str, captions: list[str] | None = None) -> Markup:
    """Return signed numbers, float32 (u, h, w), as one picture of u tiles: blue above zero, vermilion below.

    What has the full colour stands beside `title`, and takes the place of ``{strongest}`` in `alternative`. `captions`
    stand under the tiles.
    """
    strongest = full_colour(tiles)
    columns = len(captions) if captions else min(12, len(tiles))
    number = format_number(strongest)
    under = NOTHING.join(map(Markup("<span>{}</span>").format, captions or []))
    figure = Markup(
        '<figure class="tiles"><figcaption><span>{title}</span> <small>{scale}</small></figcaption>'
        '<img src="{url}" alt="{alternative}">{under}</figure>'
    )
    return figure.format(
        title=title,
        scale=_("full colour: ±{number}").format(number=number),
        url=data_url(mosaic_png(tiles, strongest, columns)),
        alternative=alternative.format(strongest=number),
        under=under and Markup('<div class="tile-captions" style="--columns:{}">{}</div>').format(columns, under),
    )


def layers_html(layers: tuple[LayerStep, ...]) -> Markup:
    """Return a table of what the step did to each parameter: norms of it, its gradient and its update."""
    row = Markup('<tr><th scope="row">{} <small>{}</small></th>{}</tr>')
    rows = []
    for layer in layers:
        share = layer.update_norm / layer.weight_norm if layer.weight_norm else math.inf
        percent = numerals().percent.format(format_decimal(100 * share, ".2g")) if math.isfinite(share) else "–"
        norms = (layer.weight_norm, layer.gradient_norm, layer.update_norm)
        cells = NOTHING.join(map(Markup("<td>{}</td>").format, [*map(format_number, norms), percent]))
        rows.append(row.format(f"{layer.layer} {layer.name}".strip(), " × ".join(map(str, layer.shape)), cells))
    table = Markup(
        '<div class="scrolls"><table class="figures"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    )
    heads = column_heads((_("Parameter"), "‖W‖", "‖∂L/∂W‖", "‖ΔW‖", "‖ΔW‖ / ‖W‖"))
    return table.format(heads, NOTHING.join(rows))


def format_number(number: float, figures: int = 3) -> str:
    """Return a number with so many figures that mean something, short enough for a caption."""
    if not math.isfinite(number):
        return "∞" if number > 0 else "–" if math.isnan(number) else "−∞"
    number += 0.0  # a zero has no sign here
    spec = f".{figures}g" if number == 0 or 1e-4 <= abs(number) < 1e4 else ".1e"
    return format_decimal(number, spec).replace("-", "−")


def format_fixed(number: float, decimals: int) -> str:
    """Return a number with so many decimals, that sums can be followed; a tiny one as such, and not as zero."""
    if 0 < abs(number) < 1e-4:
        return format_number(number)
    return format_decimal(number, f",.{decimals}f").replace("-", "−")
