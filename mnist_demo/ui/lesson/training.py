"""Parts 5 to 7 of the lesson: downhill, the loop, and the loss that is none."""

import streamlit as st
import torch.nn.functional as F

from mnist_demo.lesson.digits import LEARNING_RATE, LessonDigits, accuracy
from mnist_demo.lesson.parts import judge_loops, judge_steps, judge_wrong_loss
from mnist_demo.lesson.programs import program_by_hand, program_with_torch
from mnist_demo.lesson.tutorial import LinearModel, code_of, loop_steps, same_weights
from mnist_demo.translation import _, format_decimal, format_percent, ngettext
from mnist_demo.ui import keys
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.charts import SLICE_TO, build_slice
from mnist_demo.ui.lesson.guess import ask, tell
from mnist_demo.ui.lesson.pictures import outcomes_html, signed
from mnist_demo.ui.widgets.choices import read_choice
from mnist_demo.ui.widgets.copied import render_copied

CHART_HEIGHT = 320
RATES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 50.0)


def render_descent(digits: LessonDigits) -> None:
    """Draw part 5: a slice of the true loss, and gradient descent on it."""
    line = digits.downhill
    start_loss, slope = line.descend(0, 1)[0][1], line.slope(0.0)
    st.markdown(
        _(
            "The loss depends on {weights} numbers. Nobody can draw that, but one straight line through it can be "
            "drawn. This one starts at the untrained model, where the loss is {loss}, and goes straight downhill. "
            "Every point is the true loss on {count} real digits."
        ).format(
            weights=format_decimal(digits.weights.numel() + digits.bias.numel()),
            loss=format_decimal(start_loss, ".2f"),
            count=len(line.labels),
        )
    )
    revealed = "descent" in lesson_state.guesses()
    rate, steps = LEARNING_RATE, 0
    controls = st.container()
    chart = st.container()
    shown = ask("descent")
    if revealed:
        with controls, st.container(horizontal=True, gap="large"):
            rate = st.select_slider(
                _("Learning rate η"),
                RATES,
                LEARNING_RATE,
                format_func=lambda value: format_decimal(value, "g"),
                key=keys.SLICE_RATE,
            )
            steps = st.slider(_("Steps"), 0, 20, 8, key=keys.SLICE_STEPS)
    path = line.descend(rate, steps)
    with chart:
        st.echarts_chart(
            build_slice(line, path),
            key=keys.LESSON_CHART + "descent",
            height=CHART_HEIGHT,
            alt=_("A valley. After {steps} steps with learning rate {rate} the loss is {loss}.").format(
                steps=steps, rate=format_decimal(rate, "g"), loss=format_decimal(path[-1][1], ",.3f")
            ),
        )
        if revealed:
            st.caption(_say_path(path))
    if not shown:
        return
    usual = line.descend(LEARNING_RATE, 8)
    tell(
        "descent",
        judge_steps([place for place, _loss in usual]),
        _(
            "At the start the slope is {slope}: the first step goes {rate} × {steepness} = {step} to the right. Near "
            "the bottom the ground is flat, and the same learning rate hardly moves. Now try 2, 5 and 50."
        ).format(
            slope=format_decimal(slope, ".2f").replace("-", "−"),
            rate=format_decimal(LEARNING_RATE, "g"),
            steepness=format_decimal(-slope, ".2f"),
            step=format_decimal(-LEARNING_RATE * slope, ".2f"),
        ),
    )
    st.latex(r"W \leftarrow W - \eta \, \frac{\partial L}{\partial W}")


def _say_path(path: list[tuple[float, float]]) -> str:
    highest = max(path, key=lambda point: abs(point[0]))
    if abs(highest[0]) > SLICE_TO:
        return _("One step went as far as {place}, outside the chart, where the loss is {loss}.").format(
            place=format_decimal(highest[0], ",.0f").replace("-", "−"), loss=format_decimal(highest[1], ",.1f")
        )
    return _("Now at {place}, where the loss is {loss}.").format(
        place=format_decimal(path[-1][0], ",.2f").replace("-", "−"), loss=format_decimal(path[-1][1], ",.3f")
    )


def render_loops(digits: LessonDigits) -> None:
    """Draw part 6: how far apart the two loops are when they run, the whole programs, and their pieces side by side."""
    st.markdown(
        _(
            "Training repeats six things: take a batch, predict, measure the loss, find the gradient, take a step, "
            "reset the gradient. One round through all training digits is called an **epoch**. The loop can be "
            "written by hand, or with PyTorch’s tools."
        )
    )
    if ask("loops"):
        _tell_of_loops(digits)
    st.markdown(_("## The whole program"))
    st.markdown(
        _("It has the code that runs here. Copy it into a file and run it: it trains on all of MNIST, for five epochs.")
    )
    programs = {"hand": _("by hand"), "torch": _("with PyTorch")}
    program = read_choice(_("Which program"), programs, keys.PROGRAM)
    with st.container(key="whole-program"):
        render_copied(program_by_hand() if program == "hand" else program_with_torch(), "python")
    st.markdown(_("## Piece by piece"))
    pieces = {"model": (_("What is learned"), code_of(same_weights), code_of(LinearModel))}
    pieces |= {step.title: (_(step.title), step.by_hand, step.with_torch) for step in loop_steps()}
    piece = read_choice(_("Which piece"), {name: title for name, (title, *_codes) in pieces.items()}, keys.PIECE)
    _title, by_hand, with_torch = pieces[piece]
    with st.container(key="loop-steps"):
        left, right = st.columns(2, gap="small")
        left.caption(_("by hand"))
        left.code(by_hand, language="python", wrap_lines=True)
        right.caption(_("with PyTorch"))
        right.code(with_torch, language="python", wrap_lines=True)


def _tell_of_loops(digits: LessonDigits) -> None:
    by_hand, with_torch = digits.both_loops
    apart = max(abs(ours - theirs) for ours, theirs in zip(by_hand, with_torch, strict=True))
    scratch_loss, times = digits.from_scratch
    tell(
        "loops",
        judge_loops(by_hand, with_torch),
        ngettext(
            "{steps} steps each ({epochs} epoch of {count} digits): the losses differ by at most {apart}, a rounding "
            "error.",
            "{steps} steps each ({epochs} epochs of {count} digits): the losses differ by at most {apart}, a "
            "rounding error.",
            digits.epochs,
        ).format(
            steps=len(by_hand),
            epochs=digits.epochs,
            count=format_decimal(len(digits.x)),
            apart=format_decimal(apart, ".7f"),
        ),
    )
    rows = [
        (
            _("step {step}").format(step=step + 1),
            (format_decimal(by_hand[step], ".6f"), format_decimal(with_torch[step], ".6f")),
        )
        for step in (0, 1, 9, len(by_hand) - 1)
    ]
    st.html(outcomes_html(_("Losses of both loops"), (_("by hand"), _("with PyTorch")), rows))
    st.markdown(
        _(
            "Why do the tutorial’s two programs end at different accuracies, then? Its first one draws its weights "
            "{times} times as large as PyTorch does. So it begins at a loss of {scratch} on these test digits, where "
            "PyTorch begins at {small}, and has a longer way to go."
        ).format(
            times=format_decimal(times, ".0f"),
            scratch=format_decimal(scratch_loss, ".1f"),
            small=format_decimal(digits.start_test_loss, ".1f"),
        )
    )


def render_wrong_loss(digits: LessonDigits) -> None:
    """Draw part 7: the same logits, the right function and the wrong one."""
    st.markdown(
        _(
            "The tutorial’s second program prints a loss that is not a loss. PyTorch has two functions that look "
            "alike: *cross_entropy* and *nll_loss*. Here is the model of part 2 with the scores of {count} test digits."
        ).format(count=format_decimal(len(digits.test_y)))
    )
    logits, y = digits.test_logits, digits.test_y
    right, wrong = float(F.cross_entropy(logits, y)), float(F.nll_loss(logits, y))
    mended = float(F.nll_loss(F.log_softmax(logits, dim=1), y))
    st.code(f">>> F.cross_entropy(logits, y).item()\n{right:.4f}\n>>> F.nll_loss(logits, y).item()", language="python")
    if not ask("wrong-loss"):
        return
    tell(
        "wrong-loss",
        judge_wrong_loss(right, wrong),
        _(
            "nll_loss takes the number at the label, flips its sign and averages. It does not check that the number "
            "is a log-probability: the score of {score} for the first digit below becomes {turned}. The more the "
            "scores grow, the lower it falls, without end. The digits read are the same: {accuracy} are correct "
            "either way."
        ).format(
            accuracy=format_percent(accuracy(logits, y), digits=1),
            score=signed(float(logits[0, y[0]])),
            turned=signed(-float(logits[0, y[0]])),
        ),
    )
    scores, logarithms = _("wrong: scores"), _("right: log-probabilities")
    itself = _("right: does the log-softmax itself")
    st.code(
        f">>> F.nll_loss(logits, y).item()                        # {scores}\n{wrong:.4f}\n"
        f">>> F.nll_loss(F.log_softmax(logits, dim=1), y).item()  # {logarithms}\n{mended:.4f}\n"
        f">>> F.cross_entropy(logits, y).item()                   # {itself}\n{right:.4f}",
        language="python",
    )
    logs = F.log_softmax(logits, dim=1)
    rows = [
        (
            _("label {label}").format(label=int(y[index])),
            (signed(float(logits[index, y[index]])), signed(float(logs[index, y[index]]))),
        )
        for index in range(5)
    ]
    st.markdown(_("The first five test digits, and the number at their label:"))
    st.html(outcomes_html(_("The number at the label"), (_("score"), _("log-probability")), rows))
