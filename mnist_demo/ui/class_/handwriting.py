"""The class's handwriting: who wrote which digits, which model misreads them, and what training on them gives."""

import dataclasses
from collections.abc import Callable, Mapping

import streamlit as st

from mnist_demo.classes.commands import import_handwriting
from mnist_demo.classes.handwriting import learned_from
from mnist_demo.classes.readings import accuracy_of
from mnist_demo.classes.records import ClassRecord, HandwritingRun
from mnist_demo.classes.store import BEFORE, writer_of
from mnist_demo.drawing.collection import LabelledDrawing
from mnist_demo.errors import CheckpointError
from mnist_demo.settings.presets import STARTER
from mnist_demo.training.fine_tuning import Predictor, extra_images, fine_tuning_settings
from mnist_demo.translation import _, format_list
from mnist_demo.ui import keys, state, visitor
from mnist_demo.ui.class_ import state as class_state
from mnist_demo.ui.class_.pictures import gain_html, handwriting_html
from mnist_demo.ui.class_.runs import find_run, newest_run
from mnist_demo.ui.form import state as form_state
from mnist_demo.ui.membership.state import class_commands
from mnist_demo.ui.ownership import perform
from mnist_demo.ui.resources import class_store, handwriting_file, handwriting_readings
from mnist_demo.ui.server.errands import errand
from mnist_demo.ui.server.models import starter_classifier
from mnist_demo.ui.widgets.clickable import render_clickable
from mnist_demo.ui.widgets.markdown import escape_markdown
from mnist_demo.ui.widgets.pulse import render_pulse

REFRESH_SECONDS = 4.0
IMPORT_SECONDS = 30.0  # as large a file as is taken needs about five


@st.fragment
def render_handwriting(record: ClassRecord, is_teacher: bool) -> None:
    """Draw the gallery of all labelled drawings, and for the teacher what can be done with them."""
    record = class_commands().view(record.code) or record
    drawings = class_store().drawings(record.code)
    with st.container(key=keys.CLASS_HANDWRITING):
        st.markdown(_("### The class’s handwriting"))
        # A place for each, empty or not: when something above a file that is being handed over comes or goes, and the
        # answer arrives in pieces, the browser would make its box anew, and forget the file.
        gallery, selected, training, gain = (st.container() for _place in range(4))
        if not drawings:
            gallery.caption(_("When a pupil draws a digit and says which one it is, it appears here."))
        else:
            with gallery:
                model = _read_model(record)
                run = find_run(model)
                load = run.load if run is not None else _load_starter()
                read = handwriting_readings().of(model, run.steps_done if run is not None else 0, drawings, load)
                _render_gallery(record, drawings, read)
            with selected:
                _render_selected(record, drawings, read, is_teacher)
            if is_teacher:
                with training, st.container(horizontal=True):
                    _render_training(record, model)
        if record.handwriting_run is not None:
            with gain:
                _render_gain(record.handwriting_run, record, drawings)
        if is_teacher:
            _render_files(record, drawings)
    render_pulse(REFRESH_SECONDS, keys.CLASS_HANDWRITING_PULSE)


def _read_model(record: ClassRecord) -> str:
    """Draw the choice of the model that reads the handwriting; return the id of its run, or ``STARTER``."""
    titles = {STARTER: _("Starter model")}
    if record.handwriting_run is not None and find_run(record.handwriting_run.run) is not None:
        titles[record.handwriting_run.run] = _("Trained on the class’s handwriting")
    for key, member in record.by_name().items():
        run = newest_run(record, key)
        if run is not None and run.steps_done:
            titles[run.id] = _("{nickname}: {model}").format(nickname=member.nickname, model=run.model)
    model: str = st.selectbox(
        _("Read by"), list(titles), format_func=lambda name: titles.get(name, name), key=keys.CLASS_READER, width=360
    )
    return model if model in titles else STARTER


def _load_starter() -> Callable[[], Predictor]:
    classifier = starter_classifier()  # asked here, and not in the thread that reads: a cache of the page
    return lambda: classifier


def _render_gallery(record: ClassRecord, drawings: Mapping[str, LabelledDrawing], read: Mapping[str, int]) -> None:
    writers = []
    for key, member in record.by_name().items():
        written = {name: (drawing.label, drawing.image) for name, drawing in drawings.items() if writer_of(name) == key}
        if written:
            writers.append((member.nickname, written))
    html = handwriting_html(writers, read, class_state.selected_drawing())
    render_clickable(html, keys.CLASS_GALLERY, class_state.select_drawing)


def _render_selected(
    record: ClassRecord, drawings: Mapping[str, LabelledDrawing], read: Mapping[str, int], is_teacher: bool
) -> None:
    """Say what is known of the drawing that was clicked, and let it be taken out by whom that is up to."""
    name = class_state.selected_drawing()
    if name not in drawings or writer_of(name) not in record.members:
        return
    nickname, label = escape_markdown(record.members[writer_of(name)].nickname), drawings[name].label
    with st.container(horizontal=True, vertical_alignment="center"):
        if read.get(name, label) != label:
            words = _("**{label}** by {nickname}, read as **{guess}**.")
            st.markdown(words.format(label=label, nickname=nickname, guess=read[name]), width="content")
        else:
            words = _("**{label}** by {nickname}.").format(label=label, nickname=nickname)
            st.markdown(words, width="content")
        if is_teacher or record.key_of(class_commands().visitor) == writer_of(name):
            st.button(
                _("Take it out of the class"),
                key=keys.CLASS_TAKE_DRAWING,
                icon=":material/delete:",
                type="tertiary",
                on_click=perform,
                args=(class_commands().take_out_drawing, record.code, name),
            )


def _render_training(record: ClassRecord, model: str) -> None:
    st.button(
        _("Train this model on the class’s handwriting"),
        key=keys.CLASS_TRAIN,
        type="primary",
        icon=":material/school:",
        help=_(
            "It learns from the drawings of about three quarters of the writers, mixed into other images. The drawings "
            "of the others are kept apart: they tell how well it reads the handwriting of people that it never saw."
        ),
        on_click=perform,
        args=(_train, record.code, model),
    )
    st.button(
        _("Train from scratch, with it and without it"),
        key=keys.CLASS_TRAIN_ANEW,
        icon=":material/compare_arrows:",
        help=_(
            "Two runs from the same random weights, with the settings that are in your form on “Train and draw” now: "
            "one learns from the same drawings too, the other one does not. Nothing else differs, so you see what the "
            "drawings give, and what they cost."
        ),
        on_click=perform,
        args=(_train_from_scratch, record.code),
    )


def _train(code: str, model: str) -> None:
    # Here, not above: they bring torch, which a page need not wait for.
    from mnist_demo.models.checkpoints import TrainedClassifier, checkpoint_to_bytes, weights_to_bytes

    run = find_run(model)
    classifier = run.load() if run is not None else starter_classifier()
    if not isinstance(classifier, TrainedClassifier):
        raise CheckpointError(_("This model is no longer there: choose another one."))
    begun, drawings = class_commands().begin_handwriting_run(code, model)
    available = len(state.current_dataset().train_labels)
    hyperparameters = classifier.hyperparameters
    job = state.start_training(
        fine_tuning_settings(hyperparameters, available),
        initial_weights=weights_to_bytes(classifier.model),
        extra=extra_images(drawings),
    )
    before = checkpoint_to_bytes(classifier.model, hyperparameters, "", "", {})
    class_commands().note_handwriting_run(code, dataclasses.replace(begun, run=job.id), before)


def _train_from_scratch(code: str) -> None:
    begun, drawings = class_commands().begin_handwriting_run(code)
    hyperparameters = form_state.read_settings()
    without = state.start_training(hyperparameters)
    job = state.start_training(hyperparameters, extra=extra_images(drawings), beside=without)
    trained = dataclasses.replace(begun, run=job.id, without=without.id)
    class_commands().note_handwriting_run(code, trained, before=None)


def _render_gain(trained: HandwritingRun, record: ClassRecord, drawings: Mapping[str, LabelledDrawing]) -> None:
    """Say what training on the handwriting gave on that of held-out writers, and what it cost on the test images."""
    run = find_run(trained.run)
    if run is None:
        return
    if trained.without:
        without = find_run(trained.without)
        before, accuracy_before = (without.readings(drawings), without.accuracy) if without else ({}, None)
    else:
        before, accuracy_before = _readings_before(trained, record, drawings), run.accuracy_before
    now = run.readings(drawings)

    def shares(some: Mapping[str, LabelledDrawing]) -> tuple[float | None, float | None]:
        return accuracy_of(before, some), accuracy_of(now, some)

    # Once each: a writer with two keys is one.
    unknown = dict.fromkeys(record.members[key].nickname for key in trained.held_out if key in record.members)
    title = _("Drawings of {writers}, kept apart").format(writers=format_list(list(unknown)))
    kept_apart = {name: drawing for name, drawing in drawings.items() if writer_of(name) in trained.held_out}
    rows = [
        (title, *shares(kept_apart)),
        (_("Drawings that it learned from"), *shares(learned_from(trained, drawings))),
        (_("The test images"), accuracy_before, run.accuracy),
    ]
    heads = (_("Without them"), _("With them")) if trained.without else (_("Before"), _("Now"))
    with st.container(key=keys.CLASS_GAIN):
        st.html(gain_html(rows, heads))


def _readings_before(
    trained: HandwritingRun, record: ClassRecord, drawings: Mapping[str, LabelledDrawing]
) -> dict[str, int]:
    """Return what the model that learned some more on the handwriting read before."""
    store = class_store()

    def load_before() -> Predictor | None:
        from mnist_demo.models.checkpoints import load_checkpoint_bytes

        return load_checkpoint_bytes(store.read(record.code, BEFORE), BEFORE)

    return handwriting_readings().of(f"before-{trained.run}", 0, drawings, load_before)


def _render_files(record: ClassRecord, drawings: Mapping[str, LabelledDrawing]) -> None:
    with st.expander(_("Handwriting as a file"), key="class-files"):
        if drawings:
            st.download_button(
                _("Save all drawings as a file"),
                handwriting_file(record, drawings),  # not a function: what calls it is refused, see OBEYED
                file_name="handwriting.json",
                mime="application/json",
                key=keys.CLASS_EXPORT,
                icon=":material/download:",
                on_click="ignore",
            )
            st.caption(_("It has the nicknames and the drawings, and nothing else about anybody."))
        uploaded = st.file_uploader(_("Open a file of a class’s handwriting"), type=["json"], key=keys.CLASS_IMPORT)
        if uploaded is not None and record.is_open:
            st.button(
                _("Add the drawings of this file"),
                key=keys.CLASS_ADD_FILE,
                on_click=perform,
                args=(_import, record.code, uploaded.getvalue()),
            )


def _import(code: str, content: bytes) -> None:
    errand(import_handwriting, visitor.owner(), class_store().folder, code, content, seconds=IMPORT_SECONDS)()
