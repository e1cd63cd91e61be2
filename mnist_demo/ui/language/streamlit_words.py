"""Streamlit's own words, which it has in English only, in the visitor's language, and refusals in sentences.

They are looked for on the page as it stands, after each change of it: so a word that a release of Streamlit writes
otherwise stays English, and nothing else happens. `tests/e2e/test_language.py` finds those.
"""

import json
from pathlib import Path

from mnist_demo.translation import N_, _
from mnist_demo.ui.widgets.scripts import run_script

_SCRIPT = Path(__file__).with_name("streamlit_words.js").read_text(encoding="utf-8")
# Translators: {} is what stands there, such as a title or a size.
WORDS = (
    N_("Press Enter to apply"),
    N_("Press Enter to submit form"),
    N_("Drag and drop a file here"),
    N_("Upload"),
    N_("{} per file"),
    N_("Help for {}"),
    N_("Choose an option"),
    N_("Choose options"),
    N_("{} options available."),
    N_("Clear value"),
    N_("Clear all"),
    N_("Select all"),
    N_("No results"),
    N_("Fullscreen"),
    N_("Fullscreen: {}"),
    N_("Show data: {}"),
    N_("Download as PNG: {}"),
    N_("Close fullscreen"),
    N_("Copy to clipboard"),
    N_("Copied"),
    N_("Open"),
    N_("Close"),
    N_("Increment"),
    N_("Decrement"),
    N_("Add files"),
    N_("{} files are not allowed."),
    N_("Remove {}"),
    N_("Selected values"),
    N_("Link to heading"),
    N_("Skip to main content"),
    N_("Main menu"),
    N_("Notifications"),
    N_("Running..."),
    N_("Switch camera"),
    N_("Take Photo"),
    N_("Clear photo"),
)
# What it shows in any language where it refuses a file, or the server does (see `protect_visitors`), and what is said
# instead: what to do.
REFUSALS = {
    "File must be {} or smaller.": N_("The file must be {} or smaller. Save a picture smaller, or as JPEG."),
    "AxiosError: Request failed with status code 408": N_("The file came too slowly: try again with a smaller one."),
    "AxiosError: Request failed with status code 413": N_("There are too many files of yours here: remove some first."),
    "AxiosError: Request failed with status code 503": N_(
        "There are too many files here at the moment: try again in a few minutes."
    ),
}


def render_streamlit_words() -> None:
    """Have the browser say them in the visitor's language; nothing of this is to be seen."""
    words = {word: _(word) for word in WORDS} | {word: _(sentence) for word, sentence in REFUSALS.items()}
    run_script(_SCRIPT.replace("WORDS;", f"{json.dumps(words, ensure_ascii=False)};"))
