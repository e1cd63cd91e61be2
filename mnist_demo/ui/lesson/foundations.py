"""Parts 2 to 4 of the lesson: the linear model, softmax, and what a mistake costs."""

import math

import streamlit as st
import torch

from mnist_demo.lesson.digits import LessonDigits
from mnist_demo.lesson.parts import judge_cost, judge_probability
from mnist_demo.lesson.tutorial import code_of, naive_log_softmax, naive_softmax, predict_logits
from mnist_demo.models.softmax_regression import log_softmax, negative_log_likelihood
from mnist_demo.translation import _, format_decimal
from mnist_demo.ui import keys
from mnist_demo.ui.lesson import state as lesson_state
from mnist_demo.ui.lesson.charts import LOWEST_PROBABILITY, build_cost
from mnist_demo.ui.lesson.guess import ask, tell
from mnist_demo.ui.lesson.pictures import (
    costs_html,
    format_number,
    product_html,
    scores_html,
    softmax_html,
)

CHART_HEIGHT = 280
FLOAT32_MAX = torch.finfo(torch.float32).max


def render_linear(digits: LessonDigits) -> None:
    """Draw part 2: pixels × weights for one digit and class, then the shapes of a batch."""
    image, label = _test_digit(digits)
    st.markdown(
        _(
            "The linear model has one picture of weights for each class. It multiplies pixel by weight, adds the 784 "
            "products and a bias: that is the **score** of the class, also called logit. Blue weights speak for the "
            "class, orange ones against it."
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digit = st.pills(
            _("Class"),
            list(range(10)),
            default=label,
            required=True,
            key=f"{keys.LESSON_CLASS}-{label}",
            width="content",
        )
        st.button(
            _("Another digit"),
            key=keys.OTHER_DIGIT + "linear",
            icon=":material/shuffle:",
            on_click=lesson_state.choose_other_digit,
        )
    scores = (image.flatten() @ digits.weights + digits.bias).tolist()
    weights = digits.weights[:, digit].reshape(28, 28).numpy()
    products, bars = st.columns([3, 2], gap="large", vertical_alignment="center")
    with products:
        st.html(product_html(image.numpy(), weights, float(digits.bias[digit]), label, digit))
    with bars:
        st.html(scores_html(scores, label, digit))
    st.caption(
        _("These weights were learned from {count} digits when you opened the lesson. The bold class wins.").format(
            count=format_decimal(len(digits.x))
        )
    )
    if not ask("linear"):
        return
    result = digits.x[:100] @ digits.weights + digits.bias
    tell(
        "linear",
        str(tuple(result.shape)),
        _(
            "Each row of x meets each column of W once. The bias is *broadcast*: the same ten numbers are added to "
            "every row. So {count} numbers are all that is learned: 784 × 10 weights and 10 biases."
        ).format(count=format_decimal(digits.weights.numel() + digits.bias.numel())),
    )
    batch = st.segmented_control(
        _("Digits in the batch"),
        [1, 100, 1000],
        default=100,
        format_func=format_decimal,
        required=True,
        key=keys.BATCH_SHAPE,
    )
    x = digits.x[:batch]
    st.code(
        f">>> x.shape, W.shape, b.shape\n{tuple(tuple(each.shape) for each in (x, digits.weights, digits.bias))}\n"
        f">>> (x @ W + b).shape\n{tuple((x @ digits.weights + digits.bias).shape)}",
        language="python",
    )
    st.markdown(_("That is the whole model:"))
    st.code(code_of(predict_logits), language="python")


def render_softmax(digits: LessonDigits) -> None:
    """Draw part 3: softmax of real scores, and the scores at which its definition breaks."""
    index = digits.well_read[lesson_state.digit_index(len(digits.well_read))]
    logits, label = digits.test_logits[index], int(digits.test_y[index])
    st.markdown(
        _(
            "Scores may be any numbers. Softmax makes probabilities of them: raise e to each score, then divide by the "
            "sum, so that the ten add up to 1."
        )
    )
    st.latex(r"p_i = \frac{e^{x_i}}{\sum_j e^{x_j}}")
    if "softmax" not in lesson_state.guesses():
        st.markdown(
            _("A real digit with the label **{label}**, and the scores that the model of part 2 gives it:").format(
                label=label
            )
        )
        st.html(
            softmax_html(
                [
                    (_("score x"), logits.tolist()),
                    (_("e to the x"), logits.exp().tolist()),
                    (_("probability"), naive_softmax(logits).tolist()),
                ],
                label,
            )
        )
    if not ask("softmax"):
        return
    hundred = logits * (100 / logits.max())
    tell(
        "softmax",
        judge_probability(float(naive_softmax(hundred)[label])),
        _(
            "The largest float32 is {largest}, which is e to the power of {limit}. Beyond that e to the x is *inf*, "
            "and inf divided by inf is nan: one such score, and all weights are nan after the next step."
        ).format(largest=format_decimal(FLOAT32_MAX, ".1e"), limit=format_decimal(math.log(FLOAT32_MAX), ".1f")),
    )
    largest = st.slider(
        _("Largest score (the others are stretched with it)"),
        1.0,
        200.0,
        100.0,
        0.5,
        format="%.1f",
        key=keys.LARGEST_LOGIT,
    )
    stretched = logits * (largest / logits.max())
    st.html(
        softmax_html(
            [
                (_("score x"), stretched.tolist()),
                (_("e to the x"), stretched.exp().tolist()),
                (_("log p, by definition"), naive_log_softmax(stretched).tolist()),
                (_("log p, made safe"), log_softmax(stretched).tolist()),
                (_("p from the safe one"), log_softmax(stretched).exp().tolist()),
            ],
            label,
        )
    )
    st.markdown(
        _(
            "Why the logarithm? The next part needs log p anyway, and a p that is too small for a float32 becomes 0, "
            "whose logarithm is −inf. Computed directly, the logarithm stays an ordinary number. And subtracting the "
            "largest score from all ten changes no probability, but then no power is above e⁰ = 1."
        )
    )
    st.markdown(_("With m, the largest of the ten scores, the formula is:"))
    # In two rows: in one, a phone would cut it off.
    st.latex(r"\begin{gathered} \log p_i = (x_i - m) - \log \sum_j e^{x_j - m} \\ m = \max_j x_j \end{gathered}")
    st.markdown(_("By definition:"))
    st.code(code_of(naive_softmax, naive_log_softmax), language="python")
    st.markdown(_("Made safe, as the from-scratch model does it when it trains in “Train and draw”:"))
    st.code(code_of(log_softmax), language="python")


def render_likelihood(digits: LessonDigits) -> None:
    """Draw part 4: the negative logarithm of the probability of the right digit, and its mean over real digits."""
    st.markdown(
        _(
            "How wrong was the model? Look only at the probability p that it gave the **right** digit. Certain, p = 1, "
            "costs nothing. Anything less costs −log p, the *negative log-likelihood*."
        )
    )
    st.latex(r"\text{COST} = -\log p_{\text{LABEL}}".replace("COST", _("cost")).replace("LABEL", _("label")))
    if not ask("likelihood"):
        return
    cost = -math.log(0.05)
    tell(
        "likelihood",
        judge_cost(cost),
        _(
            "−log 0.05 = {cost}, and −log 0.95 = {little}: {times} times less. Halving p always costs {halving} more. "
            "A model that is sure and wrong pays without limit."
        ).format(
            cost=format_decimal(cost, ".3f"),
            little=format_decimal(-math.log(0.95), ".3f"),
            times=format_decimal(cost / -math.log(0.95), ".0f"),
            halving=format_decimal(math.log(2), ".3f"),
        ),
    )
    probability = st.slider(
        _("Probability of the right digit"),
        LOWEST_PROBABILITY,
        1.0,
        0.95,
        0.001,
        format="%.3f",
        key=keys.PROBABILITY,
    )
    chart, metric = st.columns([3, 1], gap="large", vertical_alignment="center")
    with metric:
        st.metric(_("It costs"), format_decimal(abs(math.log(probability)), ".3f"))
    with chart:
        st.echarts_chart(
            build_cost(probability),
            key=keys.LESSON_CHART + "likelihood",
            height=CHART_HEIGHT,
            alt=_("The cost by probability falls steeply from above 6 to 0; at {probability} it is {cost}.").format(
                probability=format_decimal(probability, ".3f"), cost=format_decimal(abs(math.log(probability)), ".3f")
            ),
        )
    _render_real_costs(digits)


def _render_real_costs(digits: LessonDigits) -> None:
    logs = log_softmax(digits.test_logits)
    costs = -logs[torch.arange(len(logs)), digits.test_y]
    # The surest, some in between, and the most wrong.
    order = costs.argsort()
    shown = order[torch.linspace(0, len(order) - 1, 8).long()]
    count = format_decimal(len(costs))
    st.markdown(_("Eight of {count} real digits, from the lowest cost to the highest:").format(count=count))
    st.html(
        costs_html(
            [
                (digits.test_x[index].reshape(28, 28).numpy(), int(digits.test_y[index]), float((-costs[index]).exp()))
                for index in shown
            ]
        )
    )
    st.markdown(
        _("The **loss** is the mean over all {count}: **{loss}**. This is the number on every training chart.").format(
            count=count, loss=format_number(float(negative_log_likelihood(logs, digits.test_y)))
        )
    )
    st.code(code_of(negative_log_likelihood), language="python")


def _test_digit(digits: LessonDigits) -> tuple[torch.Tensor, int]:
    index = lesson_state.digit_index(len(digits.test_y))
    return digits.test_x[index].reshape(28, 28), int(digits.test_y[index])
