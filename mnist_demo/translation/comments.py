"""The comments in code that people are shown, in their language: code that runs here is shown as it is otherwise.

A comment is a whole line or several, the end of a line after two spaces, a docstring of one line, or a paragraph of a
longer one that ends like a sentence, as this project writes them; a line ``# type: …`` is a note for tools and none of
these. What code prints, and the messages of its errors, are its texts.
"""

import re
from collections.abc import Iterator

from mnist_demo.translation.columns import wrapped
from mnist_demo.translation.texts import _

WIDTH = 100  # columns of a comment that is broken anew
_NO_TEXT = r"[\"\\\\]"
_NOTE = r"(?!type: |noqa|fmt: )"
_BLOCK = re.compile(rf"^(?P<indent> *)# {_NOTE}\S.*(?:\n(?P=indent)# .*)*$", re.MULTILINE)
_TRAILING = re.compile(rf"(?P<code>\S)  # (?P<text>{_NOTE}\S.*)$", re.MULTILINE)
_DOCSTRING = re.compile(r'^(?P<indent> *)"""(?P<text>[^"\n]+)"""$', re.MULTILINE)
_LONG_DOCSTRING = re.compile(r'^ *"""[^"\n]+\n(?:(?!""").)*"""$', re.MULTILINE | re.DOTALL)
_PARAGRAPH = re.compile(r'^(?P<indent> *)(?P<quotes>(?:""")?)(?P<text>\S.*(?:\n(?P=indent)\S.*)*[.:;])$', re.MULTILINE)
_MESSAGE = re.compile(r'(?<=\b_\(")[^"\\]+(?="\))')
_PRINTED = re.compile(r"^ *print\(.*$", re.MULTILINE)
_LITERAL = re.compile(r'(?<=")[^"\\]*[a-z]{2}[^"\\]*(?=")')


def comments_in(code: str) -> Iterator[str]:
    """Yield the text of every comment in `code` that has words, each as one line."""
    texts = [_text_of(found) for found in _BLOCK.finditer(code)]
    texts += [found["text"] for pattern in (_TRAILING, _DOCSTRING) for found in pattern.finditer(code)]
    texts += [_text_of(part) for found in _LONG_DOCSTRING.finditer(code) for part in _PARAGRAPH.finditer(found.group())]
    texts += [part.group() for found in _PRINTED.finditer(code) for part in _LITERAL.finditer(found.group())]
    yield from filter(re.compile("[a-z]{2}").search, texts)


def translate_comments(code: str) -> str:
    """Return `code` with its comments in the reader's language; those without a translation stay as they are."""

    def block(found: re.Match[str]) -> str:
        text = _text_of(found)
        if (said := _(text)) == text:
            return found.group()
        begin = f"{found['indent']}# "
        return _broken(said, begin, begin)

    def docstring(found: re.Match[str]) -> str:
        # Whatever a translator wrote stays one text: no quotes and no backslashes.
        said = _(found["text"])
        return found.group() if said == found["text"] else f'{found["indent"]}"""{re.sub(_NO_TEXT, "’", said)}"""'

    def paragraph(found: re.Match[str]) -> str:
        text = _text_of(found)
        if (said := _(text)) == text:
            return found.group()
        indent, said = found["indent"], re.sub(_NO_TEXT, "’", said)
        return _broken(said, indent + found["quotes"], indent)

    def literal(found: re.Match[str]) -> str:
        return re.sub(_NO_TEXT, "’", _(found.group()))

    code = _LONG_DOCSTRING.sub(lambda found: _PARAGRAPH.sub(paragraph, found.group()), code)
    code = _MESSAGE.sub(literal, code)
    code = _PRINTED.sub(lambda found: _LITERAL.sub(literal, found.group()), code)
    code = _BLOCK.sub(block, code)
    code = _TRAILING.sub(lambda found: f"{found['code']}  # {_(found['text'])}", code)
    return _DOCSTRING.sub(docstring, code)


def _text_of(found: re.Match[str]) -> str:
    return " ".join(line.strip().removeprefix("# ").removeprefix('"""') for line in found.group().splitlines())


def _broken(text: str, begin: str, further: str) -> str:
    """Return `text` as lines that begin so."""
    return "\n".join(wrapped(text, WIDTH, initial_indent=begin, subsequent_indent=further, break_long_words=False))
