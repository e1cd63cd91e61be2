"""The comments in code that people are shown, in their language: code that runs here is shown as it is otherwise.

A comment is a whole line or several, the end of a line after two spaces, or a docstring of one line, as this project
writes them; a line ``# type: …`` is a note for tools and none of these.
"""

import re
import textwrap
from collections.abc import Iterator

from mnist_demo.translation.texts import _

WIDTH = 100  # columns of a comment that is broken anew
_NO_TEXT = r"[\"\\\\]"
_NOTE = r"(?!type: |noqa|fmt: )"
_BLOCK = re.compile(rf"^(?P<indent> *)# {_NOTE}\S.*(?:\n(?P=indent)# .*)*$", re.MULTILINE)
_TRAILING = re.compile(rf"(?P<code>\S)  # (?P<text>{_NOTE}\S.*)$", re.MULTILINE)
_DOCSTRING = re.compile(r'^(?P<indent> *)"""(?P<text>[^"\n]+)"""$', re.MULTILINE)


def comments_in(code: str) -> Iterator[str]:
    """Yield the text of every comment in `code` that has words, each as one line."""
    texts = [_text_of(found) for found in _BLOCK.finditer(code)]
    texts += [found["text"] for pattern in (_TRAILING, _DOCSTRING) for found in pattern.finditer(code)]
    yield from filter(re.compile("[a-z]{2}").search, texts)


def translate_comments(code: str) -> str:
    """Return `code` with its comments in the reader's language; those without a translation stay as they are."""

    def block(found: re.Match[str]) -> str:
        text = _text_of(found)
        if (said := _(text)) == text:
            return found.group()
        begin = f"{found['indent']}# "
        return textwrap.fill(said, WIDTH, initial_indent=begin, subsequent_indent=begin, break_long_words=False)

    def docstring(found: re.Match[str]) -> str:
        # Whatever a translator wrote stays one text: no quotes and no backslashes.
        said = _(found["text"])
        return found.group() if said == found["text"] else f'{found["indent"]}"""{re.sub(_NO_TEXT, "’", said)}"""'

    code = _BLOCK.sub(block, code)
    code = _TRAILING.sub(lambda found: f"{found['code']}  # {_(found['text'])}", code)
    return _DOCSTRING.sub(docstring, code)


def _text_of(found: re.Match[str]) -> str:
    return " ".join(line.strip().removeprefix("# ") for line in found.group().splitlines())
