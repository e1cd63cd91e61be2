"""The catalogues of translated texts: made, brought up to date and checked, all by one command.

::

    python -m tests.catalogues          brings every catalogue up to date with the texts in the source
    python -m tests.catalogues de       begins one for another language, German

`tests/test_catalogues.py` fails where that was forgotten, and where a translation lacks a value of its text.
"""

import functools
import io
import re
import string
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from mnist_demo.exports.source_bundle import bundle_sources
from mnist_demo.lesson.programs import program_by_hand, program_with_torch
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.translation.comments import comments_in
from mnist_demo.translation.languages import LOCALE_FOLDER, catalogue_file
from tests import ROOT

# The functions that mark a text: which of their arguments is the text, its plural ("c": its context).
MARKERS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
SOURCES = ("app.py", "mnist_demo")
# What code people are shown, with its comments: the lesson's, and all that an exported script may have.
SHOWN = (
    *(f"mnist_demo.lesson.tutorial:{name}" for name in ("same_weights", "train_by_hand", "train_with_torch")),
    *(f"mnist_demo.lesson.tutorial:{name}" for name in ("LinearModel", "naive_softmax", "naive_log_softmax")),
    *(architecture.class_path for architecture in ARCHITECTURES.values()),
    *("mnist_demo.exports.script_settings:SEED", "mnist_demo.exports.script_template:main"),
)
NOT_SHOWN = ("MnistDemoError.__str__", "ConvolutionalNetwork.backpropagate")
# At the end of a line of the script's template: when it is needed.
_MARK_OF_LINE = re.compile(r"(  #)? \[(not )?[a-z-]+\]$", re.MULTILINE)
HEADER = "# Translations of mnist-demo. See CONTRIBUTING.md, “a language”.\n#"
LINE_LENGTH = 110


def extract() -> Catalog:
    """Return the texts of all sources, without translations: each with the files that have it."""
    template = Catalog(project="mnist-demo", header_comment=HEADER, fuzzy=False)
    for name, text, comments, context in _marked_texts():
        template.add(text, locations=[(name, 0)], auto_comments=comments, context=context)
    shown = _MARK_OF_LINE.sub("", str(bundle_sources(SHOWN, omitted=NOT_SHOWN)))
    for comment in comments_in("\n".join((shown, program_by_hand(), program_with_torch()))):
        template.add(comment, locations=[("mnist_demo/exports/script.py", 0)], auto_comments=["code"])
    return template


@functools.cache
def _marked_texts() -> list[tuple[str, Any, list[str], str | None]]:
    """Return every marked text: its file, itself (or it and its plural), comments for translators, and its context."""
    return [
        (path.relative_to(ROOT).as_posix(), text, comments, context)
        for path in _source_files()
        for _line, text, comments, context in extract_from_file(
            "python", path, keywords=MARKERS, comment_tags=("Translators:",), strip_comment_tags=True
        )
    ]


def update(language: str, folder: Path = LOCALE_FOLDER) -> None:
    """Bring the catalogue of a language up to date: new texts are added, and those that are gone are left out.

    A text that has changed a little keeps its translation, marked “fuzzy”: it is not used until that mark is removed.
    """
    path = catalogue_file(folder, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_file(merged(language, folder)))


def merged(language: str, folder: Path = LOCALE_FOLDER) -> Catalog:
    """Return the catalogue of a language as `update` writes it."""
    catalogue = read(language, folder)
    catalogue.update(extract(), no_fuzzy_matching=False, update_header_comment=True)
    catalogue.obsolete.clear()
    return catalogue


def read(language: str, folder: Path = LOCALE_FOLDER) -> Catalog:
    """Return the catalogue of a language as it is; an empty one where there is none yet."""
    path = catalogue_file(folder, language)
    if not path.exists():
        return Catalog(locale=language, project="mnist-demo", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def as_file(catalogue: Catalog) -> bytes:
    """Return the content of the file: no date and no number of a line, which would change with every edit."""
    content = io.BytesIO()
    write_po(content, catalogue, width=LINE_LENGTH, include_lineno=False, sort_by_file=True)
    lines = content.getvalue().decode().splitlines()
    dated = (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Language-Team",
        "Generated-By",
        "Report-Msgid",
    )
    kept = [line for line in lines if not line.startswith(tuple(f'"{name}' for name in dated))]
    return ("\n".join(kept).rstrip("\n") + "\n").encode()


def placeholders(text: str) -> set[str]:
    """Return the names of the values that a text has, with their formats, as a set: ``{count:,}`` is "count:,"."""
    fields = string.Formatter().parse(text)
    return {f"{name}:{spec}" if spec else name for _text, name, spec, _conversion in fields if name is not None}


def mistakes(catalogue: Catalog) -> Iterator[str]:
    """Yield a sentence for each translation that has not the same values, or not the same markup, as its text."""
    for message in catalogue:
        if is_translated(message):
            yield from _mistakes_of(message)


def is_translated(message: Message) -> bool:
    """Tell whether a text has a translation that is used, in all its forms."""
    forms = _forms(message.string)
    return bool(message.id and forms) and all(forms) and not message.fuzzy


def _forms(text: str | Sequence[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _mistakes_of(message: Message) -> Iterator[str]:
    texts = _forms(message.id)
    for translation in _forms(message.string):
        try:
            if placeholders(translation) != placeholders(texts[-1]):
                yield f"{translation!r} has other values than {texts[-1]!r}"
        except ValueError as error:
            yield f"{translation!r} is no text with values: {error}"
        for sign in ("**", ":material/", "](#", "~"):  # Markdown strikes out what stands between two of the last
            if translation.count(sign) != texts[-1].count(sign):
                yield f"{translation!r} has not as many {sign!r} as {texts[-1]!r}"


def _source_files() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def languages(folder: Path = LOCALE_FOLDER) -> list[str]:
    return sorted(path.parents[1].name for path in folder.glob("*/LC_MESSAGES/*.po"))


def main(arguments: list[str]) -> None:
    for language in arguments or languages():
        update(language)
        catalogue = read(language)
        done = sum(map(is_translated, catalogue))
        print(f"{language}: {done} of {len(catalogue)} texts are translated")
        for mistake in mistakes(catalogue):
            print(f"  {mistake}")


if __name__ == "__main__":
    main(sys.argv[1:])
