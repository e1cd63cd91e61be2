"""The visitor's own drawings with the labels that she gave them: kept, measured, exported, trained on."""

from functools import partial

import streamlit as st

from mnist_demo.drawing.collection import DrawingCollection
from mnist_demo.errors import MnistDemoError
from mnist_demo.training.fine_tuning import extra_images, fine_tuning_settings
from mnist_demo.translation import _, ngettext
from mnist_demo.ui import keys, state, visitor_state
from mnist_demo.ui.drawing import state as drawing_state
from mnist_demo.ui.drawing.number import DrawnDigits
from mnist_demo.ui.drawing.readers import Reading, read_readers
from mnist_demo.ui.drawing.strokes import without_strokes
from mnist_demo.ui.membership.offer import render_offer
from mnist_demo.ui.ownership import attempt, perform
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pictures import digit_choice_html, samples_html, shares_html
from mnist_demo.ui.widgets.scripts import show_in_view


def render_correction(drawn: DrawnDigits, reading: Reading) -> None:
    """Draw a button for each digit: one click keeps the chosen drawing with its label, and takes it off the canvas."""
    question = _("Which digit did you draw? Click it to save the drawing.")
    if len(drawn) > 1:
        question = _("Digit {place} of {count}: which digit did you draw? Click it to save the drawing.").format(
            place=drawn.chosen + 1, count=len(drawn)
        )
    render_clickable(digit_choice_html(question, reading.digit), keys.CORRECTION, partial(_keep, drawn))


def _keep(drawn: DrawnDigits, digit: str) -> None:
    if attempt(drawing_state.keep_drawing, drawn.strokes, int(digit)):
        others = without_strokes(drawing_state.drawn_objects(), drawn.places[drawn.chosen]) if len(drawn) > 1 else ()
        drawing_state.replace_drawing(others)
        drawing_state.note_kept_label(int(digit))


def render_kept() -> None:
    """Say that the last drawing was kept, until there is another."""
    label = drawing_state.kept_label()
    if label is not None:
        kept = len(drawing_state.my_drawings())
        with st.container(key=keys.KEPT):
            sentence = ngettext(
                "Saved as {digit}. You have {count} drawing.",
                "Saved as {digit}. You have {count} drawings.",
                kept,
            )
            st.success(sentence.format(digit=label, count=kept), icon=":material/check:")
            if kept:
                render_offer(drawing_state.my_drawings().drawings[-1])


def render_my_drawings() -> None:
    """Draw the gallery, how well every model reads it, its export and import, and the way to train on it."""
    drawings = drawing_state.my_drawings()
    with st.expander(_("My drawings: {count}").format(count=len(drawings)), key=keys.MY_DRAWINGS):
        if len(drawings):
            _render_gallery(drawings)
        else:
            st.caption(_("No drawings yet. Draw a digit, then click which one it is."))
        _render_import()
    job = state.current_job()
    if job is not None and job.id == drawing_state.run_on_drawings():  # which may have ended before this was drawn
        show_in_view(keys.DRAWINGS_GAIN, job.id)


def _render_gallery(drawings: DrawingCollection) -> None:
    images, labels = drawings.images(), drawings.labels()
    read = [(reader.title, reader.read_digits(images)) for reader in read_readers()]
    st.html(samples_html(images, labels, read[0][1]))
    st.html(
        shares_html(
            _("My drawings read correctly"),
            [(title, float((digits == labels).mean())) for title, digits in read],
        )
    )
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            _("Save as a file"),
            drawings.to_bytes(),
            file_name="my-drawings.json",
            mime="application/json",
            key=keys.EXPORT_DRAWINGS,
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            _("Teach the model my drawings"),
            key=keys.TRAIN_ON_DRAWINGS,
            icon=":material/school:",
            on_click=_train_on_drawings,
        )
        st.button(
            _("Delete my drawings"),
            key=keys.FORGET_DRAWINGS,
            icon=":material/delete:",
            on_click=perform,
            args=(drawing_state.forget_drawings,),
        )


def _render_import() -> None:
    uploaded = st.file_uploader(_("Open a file of drawings"), type=["json"], key=keys.IMPORT_DRAWINGS)
    if uploaded is not None and st.button(_("Add the drawings of this file"), key=keys.ADD_DRAWINGS):
        try:
            drawing_state.add_drawings(DrawingCollection.from_bytes(uploaded.getvalue()))
        except MnistDemoError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
        else:
            st.rerun()


def _train_on_drawings() -> None:
    reader = read_readers()[0]
    # Here, not above: it brings torch, which the first page need not wait for.
    from mnist_demo.models.checkpoints import weights_to_bytes

    available = len(state.current_dataset().train_labels)
    try:
        job = state.start_training(
            fine_tuning_settings(reader.classifier.hyperparameters, available),
            initial_weights=weights_to_bytes(reader.classifier.model),
            extra=extra_images(drawing_state.my_drawings()),
        )
    except MnistDemoError as error:
        visitor_state.notify(str(error))
    else:
        drawing_state.note_trained_on_drawings(job.id)
