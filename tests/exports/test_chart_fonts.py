"""A chart in Korean is written with a font that has its letters, wherever the system keeps one."""

import io
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from PIL import Image, ImageFilter

from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.formats import build_export
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.history import History
from tests.exports.exported_runs import in_korean

UNITS = 1000


def write_font_of_squares(path: Path) -> None:
    """Write a font whose Hangul syllables are all the same: a black square, as large as the letter."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, UNITS), (UNITS, UNITS), (UNITS, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square, names = pen.glyph(), [".notdef", "square"]
    font = FontBuilder(UNITS, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap(dict.fromkeys(range(0xAC00, 0xD7A4), "square"))
    font.setupGlyf(dict.fromkeys(names, square))
    font.setupHorizontalMetrics(dict.fromkeys(names, (UNITS, 0)))
    font.setupHorizontalHeader(ascent=UNITS, descent=0)
    font.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)


def black_squares(picture: bytes) -> int:
    """Return how many pixels are in the midst of a black square, as no line and no letter of DejaVu has one."""
    grey = Image.open(io.BytesIO(picture)).convert("L").point(lambda value: 255 * (value < 128))
    return int((np.asarray(grey.filter(ImageFilter.MinFilter(9))) > 0).sum())


def test_korean_chart_is_written_with_a_font_of_the_system_that_has_its_letters(
    quick: Hyperparameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ExportedRun(quick, History(), None, "builtin", "")
    path = tmp_path / "squares.ttf"
    write_font_of_squares(path)
    latin = [font for font in font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    for fonts, is_korean in (([], False), ([str(path)], True)):
        monkeypatch.setattr(font_manager, "findSystemFonts", lambda fonts=fonts: fonts)
        monkeypatch.setattr(font_manager.fontManager, "ttflist", list(latin))
        assert (black_squares(in_korean(build_export, run, "chart-png")) > 1000) == is_korean
        assert black_squares(build_export(run, "chart-png")) == 0
