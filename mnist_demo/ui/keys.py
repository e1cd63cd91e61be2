"""The keys of elements and widgets.

Streamlit turns an element's key ``k`` into the CSS class ``st-key-k``; browser tests and other people's scripts find
elements by it. A widget of a hyperparameter is called as its parameter in the address.
"""

from mnist_demo.settings.links import parameter_of

PRESET = "preset"
START, PAUSE, STEP, STOP, RESET = (f"{verb}-training" for verb in ("start", "pause", "step", "stop", "reset"))
COST, DEVICE, SETTINGS = "cost", "device", "all-settings"
TRAINING_STATUS = "training-status"
TEST_ACCURACY = "test-accuracy"
LIVE_CHARTS = "live-charts"
KEPT, DRAWINGS_GAIN = "drawing-kept", "drawings-gain"
CHART_AXIS, ACCURACY_RANGE = "chart-axis", "accuracy-range"
PULSE = "mnist_demo_pulse"
# What the keys of all pulses have in them, and no other key.
IN_PULSES = "-pulse"
LIVE_PULSE, GALLERY_PULSE, COST_PULSE, EXPORT_PULSE, DOWNLOAD_PULSE, COMPARE_PULSE, INSIDE_PULSE, LESSON_PULSE = (
    f"{part}-pulse" for part in ("live", "gallery", "cost", "export", "download", "compare", "inside", "lesson")
)
RUNS_PULSE, OTHER_TABS_PULSE = "runs-pulse", "other-tabs-pulse"
LOSS_CHART, ACCURACY_CHART = "loss-chart", "accuracy-chart"
COMPARED_SAVED = "compared-saved-runs"
COMPARED_RUNS, COMPARISON, COMPARISON_CHART = "compared-runs", "comparison", "comparison-chart"
COMPARED_METRIC, COMPARED_IMAGES, COMPARED_AXIS = "compared-figure", "compared-images", "compared-axis"
FORK, FORK_RUN, FORK_SETTING, FORK_VALUE, START_FORK = "fork", "fork-run", "fork-setting", "fork-value", "start-fork"
SECOND_SETTING, SECOND_VALUE, STOP_ALL = "second-setting", "second-value", "stop-all-runs"
DIAGNOSIS, START_REMEDY = "diagnosis", "start-remedy"
DIAGNOSIS_WHILE_RUNNING = "diagnosis-while-running"
BIG_PICTURE = "big-picture"
SPEED, START_SPEED, STEP_DETAIL = "speed", "start-speed", "step-detail"
SAMPLE_DIGITS = "sample-digits"
SAMPLE_CLASS, OTHER_SAMPLES = "sample-class", "other-samples"
DRAWING_CANVAS = "drawing-canvas"
TYPED_DIGIT, DRAWING_IN_WORDS = "typed-digit", "drawing-in-words"
UNDO_DRAWING, CLEAR_DRAWING = "undo-drawing", "clear-drawing"
PREDICTED_DIGIT = "predicted-digit"
DIGIT_PROBABILITIES = "digit-probabilities"
NUMBER_DIGITS = "number-digits"
MODEL_INPUT = "model-input"
READINGS = "readings"
INSPECTED, FORGET_INSPECTED = "inspected-image", "forget-inspected"
PREPARATION, STAGES_OFF = "preparation", "stages-off"
CORRECTION, MY_DRAWINGS, LOOK_CLOSER = "correction", "my-drawings", "reasons"
EXPORT_DRAWINGS, IMPORT_DRAWINGS, ADD_DRAWINGS = "export-drawings", "import-drawings", "add-drawings"
# An expander with a key stays open when its title changes, with the language.
READ_PICTURE, EXPLANATION = "read-picture", "explanation"
PICTURE, USE_CAMERA, CAMERA, FOUND_DIGITS = "picture", "use-camera", "camera", "found-digits"
TRAIN_ON_DRAWINGS, FORGET_DRAWINGS = "train-on-drawings", "forget-drawings"
REASONS, REASON_DIGIT = "reasons-picture", "reason-digit"
EXPORT, EXPORT_CHOICE = "export", "export-choice"
KNOBS, KNOB_FIELDS, KNOB = "knobs", "knob-fields", "knob-"  # the last with the parameter of its setting behind it
EXPORT_FORMAT, MAKE_EXPORT, SAVE_EXPORT = "export-format", "make-export", "save-export"
SHARE_SOME_LOCKED, SHARE_SOME_HIDDEN = "share-some-locked", "share-some-hidden"
OPEN_MODEL, MODEL_FILE, OPENED_MODELS = "open-model", "model-file", "opened-models"
SHARE_SETTINGS, SHARED_LINK, SHARE_LOCKED, SHARE_HIDDEN, SHARE_FRAME = (
    "share-settings",
    "shared-link",
    "share-locked",
    "share-hidden",
    "share-frame",
)
RUN_LIST, SEARCH_RUNS, MORE_RUNS, UNDO_DELETE = "run-list", "search-runs", "more-runs", "undo-delete"
OPEN_RUN, GO_ON, RENAME_RUN, DELETE_RUN, EXPORT_RUN, LINK_RUN = (
    f"{verb}-run" for verb in ("open", "continue", "rename", "delete", "export", "link")
)
RUN_NAME, SAVE_NAME, MORE_EPOCHS, START_MORE = "run-name", "save-name", "more-epochs", "start-more"
LANGUAGE = "language"
RUN_FORMAT, SAVE_RUN, TRY_SAVING = "run-format", "save-run", "try-saving"
KEPT_ABOUT_ME, DELETE_ALL, DELETE_ALL_NOW = "kept-about-me", "delete-all", "delete-all-now"
DATA_SOURCE = "data-source"
FETCH_MNIST, SWITCH_TO_MNIST = "fetch-mnist", "switch-to-mnist"
LOOK_AT, WEIGHTS, ACTIVATIONS, LAYERS = "look-at", "weights", "activations", "layer-pictures"
CONFUSION, CONFUSION_UNIT, CONFUSION_CELL = "confusion-matrix", "confusion-unit", "confusion-cell"
MISTAKES, MISTAKE_KIND, MISTAKE_CLASS = "mistakes", "mistake-kind", "mistake-class"
EXPLORER, EXPLORER_VIEW, EXPLORER_CLASS, OTHER_IMAGES = "explorer", "explorer-view", "explorer-class", "other-images"
AUGMENT_AFFINE, AUGMENT_PEN, AUGMENT_AGAIN = "augment-affine", "augment-pen", "augment-again"
NEIGHBOURS, NEAREST = "nearest", "nearest-images"
EXPLAINED, TAKE_ALONG = "explained", "take-along"
SLIDING_FILTER, SLIDING_LAYER, SLIDING_MAPS, SLIDING_PLACES = (
    f"sliding-{part}" for part in ("filter", "layer", "maps", "places")
)

LESSON, LESSON_PAGE, LESSON_BAR = "lesson", "lesson-page", "lesson-bar"
PREVIOUS_PART, NEXT_PART, AGAIN = "previous-part", "next-part", "lesson-again"
# With the name of the part behind them.
GUESS, RUN_GUESS, SKIP_GUESS, ANSWER = "guess-", "run-guess-", "skip-guess-", "answer-"
OTHER_DIGIT, PIXEL_ROW, PIXEL_SCALED, LESSON_CLASS = "other-digit-", "pixel-row", "pixel-scaled", "lesson-class"
BATCH_SHAPE, LARGEST_LOGIT, PROBABILITY = "batch-shape", "largest-logit", "probability"
SLICE_RATE, SLICE_STEPS, LESSON_CHART = "slice-rate", "slice-steps", "lesson-chart-"
PROGRAM, PIECE = "program", "program-piece"
EXPLODE, EXPLOSION_CHART, SCALING_CHART = "run-explosion", "explosion-chart", "scaling-chart"
NEXT_BELOW, LESSON_HEADING = "next-part-below", "lesson-heading-"
WHOLE_LESSON, SHOW_WHOLE_LESSON = "whole-lesson", "show-whole-lesson"
CLASS_TO_JOIN, GO_TO_CLASS, NICKNAME, JOIN_CLASS = "class-code", "go-to-class", "nickname", "join-class"
CLASS_NAME, CLASS_LANGUAGE, CLASS_SETTINGS, CREATE_CLASS = (
    f"class-{part}" for part in ("name", "language", "settings", "create")
)
CLASS_LOCKED, CLASS_HIDDEN, CLASS_TAKE_SETTINGS = "class-locked", "class-hidden", "class-take-settings"
CLASS_LINK, CLASS_SET_LINK = "class-link", "class-set-link"
CLASS_CHIP, CLASS_PULSE, CLASS_QUESTION, CLASS_ANSWER = "class-chip", "class-pulse", "class-question", "class-answer-"
CLASS_HOW_TO_JOIN, CLASS_BAND, CLASS_SHOW, CLASS_ALL = "class-how", "class-band", "show-class-", "all-classes"
CLASS_LIVE, CLASS_LIVE_PULSE, CLASS_CHART, CLASS_ORDER = "class-live", "class-live-pulse", "class-chart", "class-order"
CLASS_OFFERED, OFFER_DRAWING = "class-offered", "offer-drawing"
CLASS_ASK, CLASS_ASKED, CLASS_CLOSE_QUESTION = "ask-class", "class-asked", "close-question"
CLASS_ANSWERS, CLASS_ASKED_PULSE = "class-answers", "class-asked-pulse"
CLASS_HANDWRITING, CLASS_HANDWRITING_PULSE, CLASS_GALLERY = "handwriting", "handwriting-pulse", "class-gallery"
CLASS_READER, CLASS_GAIN = "class-reader", "class-gain"
CLASS_TRAIN, CLASS_TRAIN_ANEW = "class-train", "class-train-anew"
CLASS_EXPORT, CLASS_IMPORT, CLASS_ADD_FILE = "export-handwriting", "import-handwriting", "add-handwriting"
CLASS_MANAGE, CLASS_PUPIL, CLASS_REMOVE = "manage-class", "class-pupil", "remove-pupil"
CLASS_PUPILS_PULSE = "class-pupils-pulse"
CLASS_TAKE_RUN, CLASS_TAKE_DRAWING = "take-out-run-", "take-out-drawing"
CLASS_LEAVE, CLASS_LEAVE_WITH = "leave-class", "leave-class-with-things"
CLASS_OPENED, CLASS_DELETE, CLASS_UNDO = "class-opened", "delete-class", "undo-delete-class-"
WAYS_TO_TRAIN, WAYS_PULSE = "ways-to-train", "ways-to-train-pulse"
TO_LABORATORY, GO_TO_PART, RUN_AGAIN = "to-laboratory-", "go-to-", "run-again-"


def widget_key(name: str) -> str:
    """Return the key of the widget of hyperparameter `name`."""
    return parameter_of(name)


# What changes by itself or at every stroke, numbers and names above all: a browser that translates the page leaves it
# as it is. Sentences that change (who waits, what is saved) are not here: their reader wants them translated, and
# browser.js has that done anew after each change.
CHANGING = (
    TRAINING_STATUS, PREDICTED_DIGIT, DRAWING_IN_WORDS, DIGIT_PROBABILITIES, NUMBER_DIGITS, READINGS, "verdict",
    "figures", LIVE_CHARTS, SAMPLE_DIGITS, STEP_DETAIL, DRAWINGS_GAIN, COST, COMPARISON, FOUND_DIGITS,
    CLASS_CHIP, "class-list", CLASS_OFFERED,
)  # fmt: skip
# Buttons that make something, or begin of their keys: pressed twice at once, they do it once.
ONCE = (
    START, START_REMEDY, START_FORK, START_MORE, GO_ON, TRAIN_ON_DRAWINGS, ADD_DRAWINGS, MAKE_EXPORT, DELETE_RUN,
    UNDO_DELETE, DELETE_ALL_NOW, RUN_GUESS, SKIP_GUESS, RUN_AGAIN, EXPLODE, TO_LABORATORY, CREATE_CLASS, JOIN_CLASS,
    CLASS_TRAIN, CLASS_ADD_FILE, CLASS_ASK, OFFER_DRAWING, FETCH_MNIST,
)  # fmt: skip
# These do something else once they were pressed, or another stands in their place then: a second press is meant unless
# it comes with the first.
ONCE_UNLESS_APART = (
    PAUSE, RESET, SHARE_SETTINGS, RENAME_RUN, EXPORT_RUN, LINK_RUN, CLASS_OPENED, CLASS_TAKE_RUN, CLASS_TAKE_DRAWING,
    f"{OPENED_MODELS}-answer-", f"{OPENED_MODELS}-close-",
)  # fmt: skip
