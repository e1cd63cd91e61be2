"""A made-up language in which every text is marked: each of its letters has an accent that English has not.

What a page in it shows with bare letters has not passed through the catalogue, or was put together from pieces that
have not. Names and numbers are bare in every language: those that may be are in ``BARE``.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from mnist_demo.translation.comments import comments_in
from mnist_demo.translation.languages import catalogue_file
from tests.catalogues import as_file, extract

CODE = "xx"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = "àƀćďéƒğĥíĵķĺɱńóṕɋŕśťúṽŵẋýžÀɃĆĎÉƑĞĤÍĴĶĹḾŃÓṔɊŔŚŤÚṼŴẊÝŽ"
_MARKS = str.maketrans(_LETTERS, _ACCENTED)
# What is no words in a text: values, icons, where links lead, formulas, code, argparse’s placeholders, flags, digests.
_NO_WORDS = re.compile(
    r"\{[^{}]*\}|:material/\w+:|:\w+-badge\[|:small\[|\]\([^)]*\)|\$[^$]+\$|`[^`]+`|%\(\w+\)\w|%[sr]|&nbsp;"
    r"|(?<!\w)--?[a-z][\w-]*|MNIST_DEMO_\w+|[0-9a-f]{32}"
)
_WORD = re.compile(r"[A-Za-z]+")

# May stand bare on a page, as whole words: names, and what stands for a number or a unit.
BARE = {
    *("English", "MNIST", "OpenML", "scikit", "learn", "PyTorch", "xx"),
    *("A", "B", "C", "s", "min", "h", "inf", "nan", "W", "L", "e"),
    *("Linear", "Conv", "d", "weight", "bias"),  # layers and their parameters, as torch calls them
}


def mark(text: str) -> str:
    """Return `text` in the made-up language, with its values and its markup as they are."""
    marked, end = "", 0
    for found in _NO_WORDS.finditer(text):
        marked += text[end : found.start()].translate(_MARKS) + found.group()
        end = found.end()
    return marked + text[end:].translate(_MARKS)


def write_marked_catalogue(folder: Path) -> None:
    """Write the made-up language into `folder`, as a folder of languages."""
    catalogue = extract()
    catalogue.locale = None
    for message in catalogue:
        if isinstance(message.id, tuple):
            message.string = tuple(map(mark, message.id))
        elif message.id:
            message.string = mark(str(message.id))
    path = catalogue_file(folder, CODE)
    path.parent.mkdir(parents=True)
    content = as_file(catalogue).decode()
    header = '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text(content.replace('"MIME-Version', f'{header}"MIME-Version', 1), encoding="utf-8")


def bare_words(text: str) -> list[str]:
    """Return the words of a text that are not marked, and may not be bare."""
    return [word for word in _WORD.findall(_NO_WORDS.sub(" ", text)) if word not in BARE]


class _Texts(HTMLParser):
    """The texts of HTML: what is seen, and what is read aloud or shown by the pointer."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in ("style", "script")
        self.found += [
            value for name, value in attrs if name in ("alt", "title", "aria-label", "placeholder") and value
        ]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(data)


def texts_of_html(document: str) -> list[str]:
    parser = _Texts()
    parser.feed(document)
    return parser.found


# Fields of Streamlit's messages that are for programs.
_TECHNICAL = {
    *("id", "element_id", "form_id", "key", "user_key", "page_script_hash", "query_key", "page", "anchor"),
    *("icon", "color", "language", "theme", "type", "url", "file_name", "format", "value", "widget_type"),
}


def texts_of_page(page: AppTest) -> Iterator[str]:
    """Yield every text that a page has, for whatever sense, of all its elements and of what is around them."""
    for element in [page._tree, *_below(page._tree)]:
        proto = getattr(element, "proto", None)
        if proto is None:
            continue
        name = type(proto).__name__
        if name == "Html":
            yield from texts_of_html(proto.body)
        elif name == "BidiComponent":
            yield from texts_of_html(json.loads(proto.json or "{}").get("html", "") if proto.json else "")
        elif name == "Code":
            yield from comments_in(proto.code_text)
        else:
            yield from _texts_of_message(proto)


def _below(block: Any) -> Iterator[Any]:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _below(child)


def _texts_of_message(message: Any) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.name in _TECHNICAL:
            continue
        values = value if field.is_repeated else [value]
        for one in values:
            if isinstance(one, str):
                yield from _texts_of_json(one) if one.startswith("{") else [one]
            elif hasattr(one, "ListFields"):
                yield from _texts_of_message(one)


def _texts_of_json(text: str) -> Iterator[str]:
    """Yield the texts of a chart: its names and titles."""
    try:
        chart = json.loads(text)
    except ValueError:
        yield text
        return
    for part, name in _named(chart):
        if name in ("name", "text", "formatter"):
            yield part


def _named(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _named(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part, name)
    elif isinstance(value, str):
        yield value, name
