"""Texts that are made where their reader is not known are said in her language where she reads them."""

import contextvars
import copy
import gettext
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
from mnist_demo.translation import Sentence, _, joined, ngettext, translated, use_catalogue
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
