"""Texts that are made where their reader is not known are said in her language where she reads them."""

import contextvars
import copy
import gettext
import json
import pickle
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import MnistDemoError, RunError
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.registry import JobRegistry
from mnist_demo.processes import ChildProcess
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.translation import (
    Numerals,
    Sentence,
    _,
    format_decimal,
    format_list,
    format_percent,
    joined,
    languages,
    ngettext,
    padded,
    pgettext,
    text_from_json,
    text_to_json,
    texts,
    translated,
    use_catalogue,
    use_language,
    wrapped,
)
from tests.waiting import PATIENCE


class Language(gettext.NullTranslations):
    """A made-up language: every text is marked with its name; "{a} before {b}" has another order of words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def gettext(self, message: str) -> str:
        return f"{self.name}: {'{b} after {a}' if message == '{a} before {b}' else message}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"{self.name}: {msgid1 if n == 1 else msgid2}"


def read_in(language: str, text: str | MnistDemoError) -> str:
    """Return what a reader of `language` reads, whose context is not that of the test."""

    def read() -> str:
        use_catalogue(Language(language))
        return str(text) if isinstance(text, MnistDemoError) else translated(text)

    return contextvars.copy_context().run(read)


def test_sentence_is_said_anew_in_the_language_of_each_reader() -> None:
    made = _("{a} before {b}").format(a=1, b="two")
    assert made == "1 before two"
    assert read_in("xx", made) == "xx: two after 1"
    assert read_in("yy", made) == "yy: two after 1"
    assert translated(made) == "1 before two"


def test_sentence_chooses_the_plural_again_and_keeps_how_numbers_are_written() -> None:
    for count, words in ((1, "1 run"), (2000, "2,000 runs")):
        made = ngettext("{count:,} run", "{count:,} runs", count).format(count=count)
        assert made == words
        assert read_in("xx", made) == f"xx: {words}"


def test_count_in_a_sentence_has_its_thousands_set_apart_unless_its_format_says_otherwise() -> None:
    assert _("Epoch {epoch} of {epochs}").format(epoch=2, epochs=1000) == "Epoch 2 of 1,000"
    assert _("label {label:d}, {loss:.4g}, seed {seed}").format(label=1234, loss=1234.5, seed="1234") == (
        "label 1234, 1234, seed 1234"
    )


def test_sentences_within_a_sentence_are_translated_too() -> None:
    reasons = joined("; ", [_("no room"), _("no {thing}").format(thing=_("time"))])
    made = _("Failed ({reasons}).").format(reasons=reasons)
    assert made == "Failed (no room; no time)."
    assert read_in("xx", made).endswith("xx: no room; xx: no xx: time).")


def test_error_is_read_in_the_language_of_its_reader_also_within_another_one() -> None:
    inner = RunError(_("the disk is full"))
    outer = RunError(_("Not saved: {reason}").format(reason=inner))
    for error in (outer, pickle.loads(pickle.dumps(outer)), RunError(str(outer))):
        assert str(error) == "Not saved: the disk is full"
        assert read_in("xx", error) == "xx: Not saved: xx: the disk is full"


def test_error_that_cannot_be_pickled_goes_into_a_sentence_as_its_text() -> None:
    error = OSError("no way")
    error.cannot_be_pickled = lambda: None  # type: ignore[attr-defined]
    made = _("Failed: {error}").format(error=error)
    assert read_in("xx", pickle.loads(pickle.dumps(made))) == "xx: Failed: no way"


@pytest.mark.parametrize("text", ["", "plain", "{not a field}"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert read_in("xx", text) == text


def test_empty_text_is_not_looked_up() -> None:
    # Catalogues keep their header under the empty text.
    assert read_in("xx", _("")) == ""


def test_braces_in_a_value_are_no_fields() -> None:
    made = _("{a} before {b}").format(a="{b}", b="{a}")
    assert made == "{b} before {a}"
    assert read_in("xx", made) == "xx: {a} after {b}"


def test_sentence_is_a_text_like_any_other() -> None:
    made = _("Step {step}").format(step=3)
    assert isinstance(made, Sentence)
    assert made in {"Step 3"}
    assert copy.deepcopy(made) == made == "Step 3"
    assert type(made + ".") is str


SERVER_TEXTS = [
    ("folder", "/srv/my data/digits", "digits"),
    ("folder", "C:\\Users\\John Doe\\my digits", "my digits"),
    ("path", "/srv/a: b/O'Neill, J./x y", "x y"),
    ("folder", "openml", "openml"),
    ("path", "/", "/"),
    ("error", FileNotFoundError(2, "Not there", "/home/my data/a b"), "[Errno 2] Not there: 'a b'"),
    ("error", FileNotFoundError(2, "Not there", "/home/O'Neill: J/a b"), '[Errno 2] Not there: "a b"'),
    ("error", OSError(18, "Not moved", "/a b/c", None, "/d'e/f"), "[Errno 18] Not moved: 'c' -> \"f\""),
    ("error", PermissionError(13, "No", "C:\\Users\\John Doe\\a b.npz"), "[Errno 13] No: 'a b.npz'"),
    ("reason", "/home/my data/digits/x: cut off", "x: cut off"),
    ("reason", "/home/O'Neill, J/x and /srv/a b/y differ", "x and y differ"),
    ("reason", "cannot open C:\\Users\\John Doe\\x", "cannot open x"),
    ("reason", "cannot open C:/Users/John Doe/x", "cannot open x"),
    ("reason", "cannot open \\\\server\\a b\\x", "cannot open x"),
    ("reason", "see https://example.org/a/b and/or 3 / 4", "see https://example.org/a/b and/or 3 / 4"),
    ("other", "/home/my data/x", "/home/my data/x"),
]


@pytest.mark.parametrize(("name", "value", "shown"), SERVER_TEXTS)
def test_visitor_reads_the_names_alone_of_paths_with_spaces_and_apostrophes(
    name: str, value: object, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = _(f"{{{name}}}").format(**{name: value})
    assert sentence == str(value)  # whoever runs the program reads them whole
    monkeypatch.setattr(texts, "has_visitor", lambda: True)
    assert translated(sentence) == shown


def say(connection: Connection) -> None:
    """In another process, whose language is a third one."""
    use_catalogue(Language("child"))
    connection.send(_("{a} before {b}").format(a=1, b=_("end")))
    connection.send(RunError(_("gone: {path}").format(path=Path("x"))))


def test_sentence_of_another_process_is_read_in_two_languages_at_once() -> None:
    with ChildProcess(say, answers_only=True) as child:
        sentence, error = child.connection.recv(), child.connection.recv()
    assert [read_in(language, sentence) for language in ("xx", "yy")] == ["xx: xx: end after 1", "yy: yy: end after 1"]
    assert [read_in(language, error) for language in ("xx", "yy")] == ["xx: gone: x", "yy: gone: x"]


def test_why_a_run_failed_is_read_in_two_languages_at_once(registry: JobRegistry, builtin: DigitDataset) -> None:
    job = registry.start(Assignment(Hyperparameters(), builtin, device="mps"))
    assert job.wait(PATIENCE) == "failed"

    def read(language: str) -> str:
        use_catalogue(Language(language))
        return job.detail

    for language in ("xx", "yy"):
        assert contextvars.copy_context().run(read, language) == f"{language}: {job.detail}"


def test_numbers_are_written_as_each_language_writes_them() -> None:
    numbers = {
        "en": "1,234.50 91.44 % 5 s a, b",
        "ko": "1,234.50 91.44% 5초 a, b",
        "de": "1.234,50 91,44\xa0% 5 Sek. a, b",
    }
    for language, written in numbers.items():
        numerals = Numerals() if language == "en" else Numerals.of(language)
        said = (
            numerals.format_decimal(1234.5, ",.2f"),
            numerals.format_percent(0.9144, 2),
            numerals.format_unit(5, "second", ".0f"),
            numerals.format_list(["a", "b"]),
        )
        assert " ".join(said) == written
    assert Numerals.of("xx") == Numerals()


def test_numbers_in_a_sentence_are_said_anew_too() -> None:
    made = _("{a} of {b:,}, {c}").format(
        a=format_decimal(1234), b=5678.5, c=format_list([_("one"), format_percent(1, 0)])
    )
    assert made == "1,234 of 5,678.5, one, 100 %"

    def read() -> str:
        use_language("de")  # of which there is no catalogue: English, but German numbers
        return translated(made)

    assert contextvars.copy_context().run(read) == "1.234 of 5.678,5, one, 100\xa0%"


def test_text_in_a_file_is_in_no_language_and_is_said_in_the_readers() -> None:
    made = ngettext("{count} run of {name}: {reason}", "{count} runs of {name}: {reason}", 2).format(
        count=format_decimal(2000), name="{x}", reason=RunError(_("the disk is full"))
    )
    stored = json.loads(json.dumps(text_to_json(made)))
    assert read_in("xx", text_from_json(stored)) == "xx: 2,000 runs of {x}: xx: the disk is full"
    assert text_from_json("A text of an earlier version.") == "A text of an earlier version."


def test_wide_letters_take_two_columns() -> None:
    assert padded("모델", 6) == "모델  "
    assert padded("model", 6) == "model "
    assert padded("모델", 6, before=True) == "  모델"
    assert wrapped("손실 재기 loss", 9, initial_indent="# ", subsequent_indent="  ") == ["# 손실", "  재기", "  loss"]
    assert wrapped("손실 재기 loss", 9) == ["손실 재기", "loss"]


@pytest.mark.parametrize(
    "stored",
    [
        7,
        {"text": "{a.__class__}", "values": {"a": "b"}},
        {"text": "{a:999999999}", "values": {"a": 1}},
        {"text": "{a}", "values": {}},
        {"figure": "of", "list": ["ko"]},
        {"figure": "format_decimal", "list": [1, "999999999d"]},
        {"figure": "format_percent", "list": [1, 999999999]},
        {"text": "a", "plural": "b"},
    ],
)
def test_stored_text_that_no_program_of_ours_wrote_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match=r"text|plural|values"):
        text_from_json(stored)


def test_context_tells_two_meanings_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = languages.catalogue_file(tmp_path, "de")
    path.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text(f'{header}\nmsgctxt "side"\nmsgid "right"\nmsgstr "rechts"\n\nmsgid "right"\nmsgstr "richtig"\n')
    monkeypatch.setattr(languages, "LOCALE_FOLDER", tmp_path)

    def read() -> list[str]:
        use_language("de")
        return [pgettext("side", "right"), _("right"), _("unknown")]

    assert contextvars.copy_context().run(read) == ["rechts", "richtig", "unknown"]
    assert languages.language_names() == {"en": "English", "de": "Deutsch"}


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"MNIST_DEMO_LANGUAGE": "ko"}, "ko"),
        ({"MNIST_DEMO_LANGUAGE": "nonsense", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "C", "LANG": "C.UTF-8"}, "en"),
        ({"LANGUAGE": "fr:ko"}, "ko"),
        ({"MNIST_DEMO_LANGUAGE": "en", "LANG": "ko_KR.UTF-8"}, "en"),
    ],
)
def test_default_language_is_that_of_the_environment(environment: dict[str, str], language: str) -> None:
    assert languages.default_language(environment) == language
