"""Slow motion: one step of the run laid open."""

import math

import numpy as np
import streamlit as st
from markupsafe import Markup, escape

from mnist_demo.jobs.job import Job
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.slow_motion import StepDetail
from mnist_demo.training.speed import steps_a_second
from mnist_demo.translation import _, format_decimal, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.train_and_draw.step_pictures import batch_html, format_fixed, format_number, layers_html, tiles_html

ANCHOR = "one-step"


def render_step_link(job: Job) -> None:
    """Draw a link to the step that is laid open, if one is: beneath the charts, on a laptop below what one sees."""
    if _detail_shown(job) is not None:
        st.markdown(_(":small[[↓ See the step](#{anchor})]").format(anchor=ANCHOR), width="content")


def render_step_detail(job: Job) -> None:
    """Draw the step that was last watched, while the run is that slow or stands at it; else how to see one."""
    detail = _detail_shown(job)
    if detail is not None:
        with st.container(key=keys.STEP_DETAIL, gap="small"):
            _render(detail, job.hyperparameters)
    elif job.state == "paused":
        st.caption(
            _(
                "Press **Step** to see one step in detail: its batch, the loss of each image, the gradient and the "
                "update."
            )
        )


def _detail_shown(job: Job) -> StepDetail | None:
    detail = job.step_detail
    if detail is None or (steps_a_second(job.speed) is None and detail.step != job.history.step_count):
        return None
    return detail


def _render(detail: StepDetail, hyperparameters: Hyperparameters) -> None:
    st.header(_("Step {step} in detail").format(step=format_decimal(detail.step)), anchor=ANCHOR)
    st.markdown(_describe_batch(detail))
    st.html(batch_html(detail))
    st.markdown(_describe_update(detail, hyperparameters))
    linear = hyperparameters.architecture.is_linear
    digits = [str(digit) for digit in range(10)] if linear else None
    descent = hyperparameters.optimizer == "sgd" and not hyperparameters.weight_decay
    update = "−\N{THIN SPACE}η\N{THIN SPACE}∂L/∂W" if descent else "ΔW"
    st.html(
        tiles_html(
            _title(_("Weights before: {symbol}"), "W"),
            detail.before,
            _("Weights of the first layer before the step, nearly all of them within {strongest} of zero"),
            digits,
        )
        + tiles_html(
            _title(_("Gradient, the way the loss rises: {symbol}"), "∂L/∂W"),
            detail.gradient,
            _("Gradient of the loss by the weights of the first layer, nearly all of them within {strongest} of zero"),
            digits,
        )
        + tiles_html(
            _title(_("Update: {symbol}"), update),
            detail.after - detail.before,
            _("Change of the weights of the first layer in this step, nearly all of them within {strongest} of zero"),
            digits,
        )
        + tiles_html(
            _title(_("Weights after: {symbol}"), "W"),
            detail.after,
            _("Weights of the first layer after the step, nearly all of them within {strongest} of zero"),
            digits,
        )
    )
    st.caption(_describe_weight(detail, linear, descent))
    st.html(layers_html(detail.layers))


def _title(words: str, symbol: str) -> Markup:
    """Return `words` with `symbol` in bold in the place of ``{symbol}``."""
    return escape(words).format(symbol=Markup("<b>{}</b>").format(symbol))


def _describe_batch(detail: StepDetail) -> str:
    shown = len(detail.labels)
    if shown == detail.batch_images:
        sentence = ngettext(
            "The model read **{count} image**, with a loss of **{loss}**.",
            "The model read these **{count} images**, with a mean loss of **{loss}**; the bars compare their losses.",
            detail.batch_images,
        )
    else:
        sentence = _(
            "The model read **{count} images**, with a mean loss of **{loss}**. These are the {shown} with the "
            "largest losses; none of the others has more than {smallest}."
        )
    return sentence.format(
        count=format_decimal(detail.batch_images),
        loss=format_fixed(detail.batch_loss, 4) if math.isfinite(detail.batch_loss) else "∞",
        shown=shown,
        smallest=format_number(float(detail.losses[-1])),
    )


def _describe_update(detail: StepDetail, hyperparameters: Hyperparameters) -> str:
    if hyperparameters.optimizer == "sgd" and not hyperparameters.weight_decay:
        return _(
            "Each weight moves against its gradient: $W \\leftarrow W - \\eta\\,\\partial L/\\partial W$ with learning "
            "rate $\\eta = {rate}$. Blue is above zero, orange below: where the gradient is blue, the update is orange."
        ).format(rate=format_decimal(detail.learning_rate, "g"))
    return _(
        "The optimizer computes its step from this gradient and earlier ones: $W \\leftarrow W + \\Delta W$, at "
        "learning rate $\\eta = {rate}$. Blue is above zero, orange below."
    ).format(rate=format_decimal(detail.learning_rate, "g"))


def _describe_weight(detail: StepDetail, linear: bool, descent: bool) -> str:
    """Return the update of one weight in numbers: the one with the largest gradient."""
    place = np.unravel_index(np.abs(detail.gradient).argmax(), detail.gradient.shape)
    unit, row, column = (int(index) for index in place)
    before, gradient, after = (float(array[place]) for array in (detail.before, detail.gradient, detail.after))
    sum_ = _("{before} − {rate} × ({gradient}) = {after}") if descent else _("{before} + ({update}) = {after}")
    sum_ = sum_.format(
        before=format_fixed(before, 5),
        rate=format_decimal(detail.learning_rate, "g"),
        gradient=format_fixed(gradient, 5),
        update=format_fixed(after - before, 5),
        after=format_fixed(after, 5),
    )
    if linear:
        sentence = _("The weight with the largest gradient (digit {unit}, row {row}, column {column}): {sum}")
    else:
        sentence = _("The weight with the largest gradient (tile {unit}, row {row}, column {column}): {sum}")
        unit += 1
    return sentence.format(unit=unit, row=row + 1, column=column + 1, sum=sum_)
