"""Writes strokes as UNIPEN text, for the tests that read it."""

from collections.abc import Iterable

from mnist_demo.drawing.unipen import PAD_SIDE
from tests.drawing.drawn_digits import Strokes

HEADER = '.INCLUDE nothing.doc\n\n.LEXICON "0" "1"\n.HIERARCHY DIGIT\n'


def unipen_text(digits: Iterable[tuple[int, Strokes]], canvas_side: float = 280) -> str:
    """Return labelled strokes on a canvas (y down) as UNIPEN text, scaled to the tablet (y up)."""
    lines = [HEADER]
    for number, (label, strokes) in enumerate(digits):
        lines.append(f'.SEGMENT DIGIT {number} ? "{label}"\n.COMMENT {label} 12  224')
        for stroke in strokes:
            points = stroke * (PAD_SIDE / canvas_side)
            lines += [".PEN_DOWN", *(f" {x:.3f}  {PAD_SIDE - y:.3f}" for x, y in points), ".PEN_UP", ".DT 100"]
    return "\n".join(lines) + "\n"
