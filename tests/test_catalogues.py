"""The catalogues agree with the source, and their translations with the texts that they translate."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages import Catalog

from mnist_demo.jobs.messages import STATES
from mnist_demo.translation.languages import catalogue_file
from tests import ROOT
from tests.catalogues import MARKERS, as_file, extract, languages, merged, mistakes, read, update

# Which of them it would be depends on how the value before it is read aloud; 인 fits all.
PARTICLE = re.compile(
    r"[}%][%”’\"*_`]*(은|는|이|가|을|를|과|와|로|으로|로는|이에요|예요|이고|이면|라|이라|란|이란|나|이나|든|이든|며|이며|였|이었)"
    r"(?![가-힣])"
)
POLITE = re.compile(r"니다\b|[가-힣]다\.")  # of another style
# Words of the glossary that are verbs as well, said of other things, or in Korean understood.
EVERYDAY = {"cost", "digit", "export", "misread", "test image", "training image"}
# Values, code, the titles of papers, names of values on the command line.
NO_WORDS = re.compile(r"\{\w*\}|`[^`]*`|(?<!\*)\*[^*]+\*(?!\*)|\b[A-Z]{3,}\b")
HOW = "run “python -m tests.catalogues”"


@pytest.mark.parametrize("language", languages())
def test_catalogue_has_the_texts_of_the_source_and_no_others(language: str) -> None:
    assert as_file(merged(language)) == catalogue_file(ROOT / "mnist_demo" / "locale", language).read_bytes(), HOW


@pytest.mark.parametrize("language", languages())
def test_translations_keep_the_values_and_the_markup_of_their_texts(language: str) -> None:
    assert list(mistakes(read(language))) == []


def test_every_text_is_translated_into_korean_in_one_style_and_no_particle_follows_a_value() -> None:
    texts = [message.string for message in read("ko") if message.id]
    said = [text for forms in texts for text in ([forms] if isinstance(forms, str) else forms or [""])]
    assert all(said)
    assert [text for text in said if POLITE.search(text)] == []
    assert [text for text in said if PARTICLE.search(text)] == []


def test_korean_texts_use_the_words_of_the_glossary() -> None:
    glossary = (ROOT / "mnist_demo" / "locale" / "ko" / "GLOSSARY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][a-z -]+) \| ([가-힣 ]+) \|$", glossary, re.MULTILINE)
    terms = {english: korean.replace(" ", "") for english, korean in rows if english not in EVERYDAY}
    assert len(terms) > 50
    wrong = []
    for message in read("ko"):
        # In Korean there is one form; it is said of one as of many.
        text, said = (
            str(forms if isinstance(forms, str) else forms[-1]) for forms in (message.id, message.string or "")
        )
        words = NO_WORDS.sub("", text)
        for term in sorted(terms, key=len, reverse=True):  # "gradient descent" is no gradient
            words, count = re.subn(rf"\b{term}(s|es)?\b", "", words, flags=re.IGNORECASE)
            if count and terms[term] not in said.replace(" ", ""):
                wrong.append((term, said))
    assert wrong == []


def test_states_and_pages_are_called_in_korean_as_the_glossary_has_it() -> None:
    glossary = (ROOT / "mnist_demo" / "locale" / "ko" / "GLOSSARY.md").read_text(encoding="utf-8")
    states = re.search(r"^\| states: (.*) \| (.*) \|$", glossary, re.MULTILINE)
    pages = re.search(r"^\| page names: (.*) \| (.*) \|$", glossary, re.MULTILINE)
    assert states is not None
    assert pages is not None
    found = [zip(*(re.split("[,;] ", side) for side in states.groups()), strict=True)]
    found.append(zip(*(side.split(" / ") for side in pages.groups()), strict=True))
    names = {english: korean for pairs in found for english, korean in pairs}
    assert {*STATES, "Lesson"} < set(names)
    said = {message.id: message.string for message in read("ko") if not message.context}
    said |= {message.id: message.string for message in read("ko") if message.context == "of pupils"}
    assert {name: said[name] for name in names} == names


def test_words_with_two_meanings_are_told_apart() -> None:
    assert {message.id for message in extract() if message.context} >= {"right", "Part", "Row", "Step", "images"}


def test_no_text_is_half_of_one() -> None:
    texts = [text for message in extract() for text in ([message.id] if isinstance(message.id, str) else message.id)]
    assert [text for text in texts if text != text.strip() and text != "usage: "] == []


def test_a_changed_text_makes_a_catalogue_out_of_date_and_a_lost_value_is_a_mistake(tmp_path: Path) -> None:
    update("de", tmp_path)
    path = catalogue_file(tmp_path, "de")
    fresh = path.read_bytes()
    assert as_file(merged("de", tmp_path)) == fresh
    path.write_bytes(fresh.replace(b"Learn to read digits", b"Learn to read the digits"))
    assert as_file(merged("de", tmp_path)) != path.read_bytes()

    catalogue = Catalog(locale="de")
    catalogue.add("{count} of {total}", "{count} von {total}")
    catalogue.add("{count} runs", "Läufe")
    catalogue.add(("{count} run", "{count} runs"), ("{count} Lauf", "{number} Läufe"))
    catalogue.add("**bold**", "fett")
    catalogue.add("0 to 1, or 0 to 9", "0~1 oder 0~9")
    assert [mistake.split(" has ")[0] for mistake in mistakes(catalogue)] == [
        "'Läufe'",
        "'{number} Läufe'",
        "'fett'",
        "'0~1 oder 0~9'",
    ]


def test_every_marked_text_is_found() -> None:
    # Calls inside of f-strings, and texts that are chosen within a call, are not.
    texts = {text for message in extract() for text in ([message.id] if isinstance(message.id, str) else message.id)}
    marked = {}
    for path in [ROOT / "app.py", *(ROOT / "mnist_demo").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS:
                literal = [
                    argument for argument in node.args if not isinstance(argument, ast.Subscript | ast.Attribute)
                ]
                for constant in (found for argument in literal for found in ast.walk(argument)):
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                        marked[constant.value] = path.name
    contexts = {message.context for message in extract()}
    assert {text: name for text, name in marked.items() if text not in texts | contexts} == {}
