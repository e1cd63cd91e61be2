"""Saved models opened from files: checked, measured, and then reading along with the others."""

import streamlit as st

from mnist_demo.translation import _, format_decimal, format_percent, ngettext
from mnist_demo.ui import keys, state
from mnist_demo.ui.drawing.opened_models_state import (
    OpenedModel,
    answering_model,
    close_model,
    let_answer,
    open_model,
    opened_models,
    why_not_opened,
)
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.widgets.markdown import escape_markdown


def render_opened_models() -> None:
    """Draw the way to give a file, and what is known of each model that was opened."""
    with st.expander(_("Open a saved model"), key=keys.OPEN_MODEL):
        st.caption(
            _(
                "It is tested on test images first, then reads your drawings beside the other models. The one that "
                "you let answer is also the one that “Look inside” shows."
            )
        )
        st.file_uploader(
            _("A model that was saved here or by “train --output”"),
            # Others too: what is missing in them is said in a better sentence than the widget's.
            type=["safetensors", "pt", "pth", "bin", "ckpt", "pkl", "h5", "keras", "onnx"],
            key=keys.MODEL_FILE,
            on_change=_open,
        )
        if problem := why_not_opened():
            st.error(escape_markdown(problem), icon=":material/error:")
        with st.container(key=keys.OPENED_MODELS):
            for number, model in enumerate(opened_models()):
                _render_model(number, model)


def _open() -> None:
    uploaded = st.session_state[keys.MODEL_FILE]
    if uploaded is not None:
        open_model(uploaded.name[:60], uploaded.getvalue(), state.current_dataset())


def _render_model(number: int, model: OpenedModel) -> None:
    hyperparameters, metrics = model.classifier.hyperparameters, model.classifier.metrics
    st.markdown(
        _("**{name}**: {model}. Reads {accuracy} of {count} test images correctly.").format(
            name=escape_markdown(model.name),
            model=hyperparameters.model_title,
            accuracy=format_percent(model.accuracy, digits=1),
            count=format_decimal(model.measured_on),
        )
    )
    trained = ngettext(
        "Its file says: {epochs} epoch with {optimizer}, learning rate {rate}, seed {seed}.",
        "Its file says: {epochs} epochs with {optimizer}, learning rate {rate}, seed {seed}.",
        hyperparameters.epochs,
    )
    st.caption(
        trained.format(
            epochs=hyperparameters.epochs,
            optimizer=hyperparameters.optimizer,
            rate=format_decimal(hyperparameters.learning_rate, "g"),
            seed=str(hyperparameters.seed),
        )
    )
    if "test_accuracy" in metrics:
        claimed = format_percent(metrics["test_accuracy"], digits=2)
        st.caption(_("Where it was trained, it read {accuracy} of the test images correctly.").format(accuracy=claimed))
    with st.container(horizontal=True, gap="small"):
        answers = model is answering_model()
        st.button(
            _("Let the others answer") if answers else _("Let it answer"),
            key=f"{keys.OPENED_MODELS}-answer-{number}",
            icon=":material/undo:" if answers else ":material/record_voice_over:",
            on_click=let_answer,
            args=(None if answers else model,),
        )
        st.button(
            _("Close"),
            key=f"{keys.OPENED_MODELS}-close-{number}",
            icon=":material/close:",
            on_click=perform,
            args=(close_model, model),
        )
