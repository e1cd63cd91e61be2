"""Pictures of drawn strokes in the manner of photographs: paper, light, pen and camera, rendered with known truth.

Everything is drawn with one random generator, so that a picture is the same wherever it is made.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy
from PIL import Image, ImageDraw

Floats = npt.NDArray[np.float64]
Colour = tuple[float, float, float]  # reflectance of red, green and blue light, 0 to 1
Range = tuple[float, float]

_FINER = 2  # strokes are drawn so much larger and then reduced, which makes their edges soft
_PENS = {
    "white": (0.9, 0.9, 0.88),
    "black": (0.12, 0.12, 0.14),
    "blue": (0.15, 0.2, 0.6),
    "red": (0.8, 0.15, 0.15),
    "green": (0.1, 0.55, 0.25),
    "orange": (0.95, 0.5, 0.1),
    "violet": (0.5, 0.2, 0.65),
    "turquoise": (0.1, 0.6, 0.7),
    "pink": (0.9, 0.35, 0.6),
}
_STRONG_BLUE, _FAINT_GREY, _MARGIN_RED = (0.45, 0.6, 0.95), (0.84, 0.85, 0.86), (0.95, 0.6, 0.6)


@dataclass(frozen=True)
class Scene:
    """What is photographed, and how; each `Range` is drawn from evenly.

    Parameters
    ----------
    pens
        Names of colours. `strength` is how much of the colour is on the paper; `width` the pen's, as a fraction of
        the drawing's height.
    paper
        Its colour; `ruling` is one of ``""``, ``squares``, ``faint squares`` and ``lines``.
    light
        The exposure, 0 to 1, and `falls`: ``evenly``, ``slanting``, ``shadow`` or ``flash``.
    on_table
        Whether the sheet lies on a dark table that is seen around it.
    side
        Of the shorter side of the picture, pixels; `blur` the camera's, as a fraction of it; `grain` its noise, as a
        fraction of white.
    quality
        Of the JPEG file; None is a PNG.
    orientation
        The EXIF value with which a phone says how it was held.
    """

    pens: Sequence[str] = ("black", "blue")
    strength: Range = (0.8, 1.0)
    width: Range = (0.04, 0.09)
    paper: Colour = (0.93, 0.92, 0.89)
    ruling: str = ""
    light: Range = (0.75, 0.98)
    falls: str = "slanting"
    on_table: bool = False
    side: Range = (450, 900)
    blur: Range = (0.0005, 0.0015)
    grain: Range = (0.005, 0.015)
    quality: int | None = 80
    orientation: int | None = None


def photograph(strokes: Sequence[Floats], scene: Scene, random: np.random.Generator) -> bytes:
    """Return the file of a photograph of `strokes`, arrays (n_points, 2), any unit, y down; none is an empty sheet."""
    side = random.uniform(*scene.side)
    low, high = _box(strokes)
    extent = np.maximum(high - low, 1e-6)
    # A row of digits is wider than a picture is high.
    aspect = float(np.clip(1.3 * extent[0] / extent[1], 1.0, 3.5)) if strokes else 1.3
    width, height = round(side * aspect), round(side)
    share = random.uniform(0.35, 0.7) if not scene.on_table else random.uniform(0.3, 0.45)
    scale = share * min(height / extent[1], width / extent[0])
    turn = random.uniform(-0.07, 0.07)  # of the paper, radians
    place = np.array([width, height]) * (0.5 + random.uniform(-0.5, 0.5, 2) * (0.85 - share) * (not scene.on_table))
    moved = [(stroke - (low + high) / 2) @ _rotation(turn) * scale + place for stroke in strokes]
    pen = random.uniform(*scene.width) * scale * float(extent[1] if aspect > 1.3 else extent.max())

    colour = np.array(_PENS[str(random.choice(list(scene.pens)))])
    strength = random.uniform(*scene.strength)
    sheet = np.ones((height, width, 3)) * scene.paper
    for cover, ruled in _ruling(scene.ruling, (height, width), scale * float(extent[1]), turn, random):
        sheet *= 1 - cover[..., None] * (1 - np.array(ruled))
    cover = strength * cover_of(moved, (height, width), max(pen, 1.5))[..., None]
    sheet = sheet * (1 - cover) + cover * colour
    if scene.on_table:
        sheet = _on_table(sheet, turn, random)
    seen = sheet * _light(scene, (height, width), random)[..., None]
    sigma = random.uniform(*scene.blur) * side
    seen = scipy.ndimage.gaussian_filter(seen, (sigma, sigma, 0))
    seen += random.normal(0, random.uniform(*scene.grain), seen.shape)
    return _file_of(np.asarray((seen.clip(0, 1) * 255).round(), np.uint8), scene)


def cover_of(strokes: Sequence[Floats], shape: tuple[int, int], pen: float) -> Floats:
    """Return how much of each pixel is under ink: float64 `shape`, 0 to 1; all lengths in pixels."""
    picture = Image.new("L", (shape[1] * _FINER, shape[0] * _FINER))
    pencil, radius = ImageDraw.Draw(picture), pen * _FINER / 2
    for stroke in strokes:
        points = [(x, y) for x, y in (stroke * _FINER).tolist()]
        if len(points) > 1:
            pencil.line(points, fill=255, width=max(1, round(2 * radius)))
        for x, y in points:
            pencil.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return np.asarray(picture.reduce(_FINER), np.float64) / 255


def side_by_side(drawings: Sequence[Sequence[Floats]], random: np.random.Generator, rows: int = 1) -> list[Floats]:
    """Return `drawings` in a row of about the same height, or in several rows, as one drawing of height 1 a row."""
    placed: list[Floats] = []
    in_a_row = -(-len(drawings) // rows)
    right = 0.0
    for place, strokes in enumerate(drawings):
        if place % in_a_row == 0:
            right = 0.0
        low, high = _box(strokes)
        scale = random.uniform(0.85, 1.05) / max(high[1] - low[1], 0.5 * (high[0] - low[0]), 1e-6)
        shift = np.array([right, 1.6 * (place // in_a_row) + random.uniform(-0.07, 0.07)])
        placed += [(stroke - low) * scale + shift for stroke in strokes]
        right += (high[0] - low[0]) * scale + random.uniform(0.2, 0.45)
    return placed


def soft_thumbnail(strokes: Sequence[Floats], random: np.random.Generator) -> bytes:
    """Return a PNG of 28 × 28 pixels as a paint program makes it of a larger picture: soft, and of any contrast."""
    low, high = _box(strokes)
    scale = random.uniform(170, 230) / max(high - low)
    middle = 140 + random.uniform(-15, 15, 2)
    cover = cover_of([(stroke - (low + high) / 2) * scale + middle for stroke in strokes], (280, 280), 18)
    small = np.asarray(Image.fromarray(scipy.ndimage.gaussian_filter(cover, random.uniform(5, 12))).reduce(10))
    paper, ink = random.permutation([random.uniform(0, 0.4), random.uniform(0.55, 1)])
    return _png(Image.fromarray(np.asarray((255 * (paper + (ink - paper) * small)).round(), np.uint8)))


def odd_range(strokes: Sequence[Floats], random: np.random.Generator) -> bytes:
    """Return a PNG whose values do not fill their range: 12 of 16 bits, 0 to 15 or to 1 of 255, or one bit."""
    low, high = _box(strokes)
    scale = 180 / max(high - low)
    cover = cover_of([(stroke - (low + high) / 2) * scale + 140 for stroke in strokes], (280, 280), 16)
    cover = cover if random.random() < 0.5 else 1 - cover
    kind = int(random.integers(5))
    if kind == 0:
        return _png(Image.fromarray((cover * 4095).astype(np.uint16)))
    if kind == 1:
        return _png(Image.fromarray((20_000 + cover * 3000).astype(np.uint16)))
    if kind == 2:
        return _png(Image.fromarray((cover * 15).astype(np.uint8)))
    if kind == 3:
        return _png(Image.fromarray(cover.round().astype(np.uint8)))
    return _png(Image.fromarray(cover > 0.5))


def _box(strokes: Sequence[Floats]) -> tuple[Floats, Floats]:
    points = np.concatenate(strokes) if strokes else np.zeros((1, 2))
    return points.min(axis=0), points.max(axis=0)


def _rotation(angle: float) -> Floats:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _ruling(
    kind: str, shape: tuple[int, int], digit_height: float, turn: float, random: np.random.Generator
) -> list[tuple[Floats, Colour]]:
    """Return what is printed on the paper: for each colour, how much of each pixel it covers."""
    if not kind:
        return []
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    along, across = (np.stack([x, y], axis=-1) @ _rotation(-turn).T).transpose(2, 0, 1)
    spacing = digit_height / random.uniform(*((0.8, 1.6) if kind == "lines" else (1.5, 4.0)))
    thick = max(1.2, spacing * random.uniform(0.025, 0.05))

    def lines(position: Floats) -> Floats:
        distance = np.abs((position + spacing / 2) % spacing - spacing / 2)
        return np.asarray((thick / 2 + 0.5 - distance).clip(0, 1))

    offsets = random.uniform(0, spacing, 2)
    if kind == "lines":
        margin = np.asarray((thick / 2 + 0.5 - np.abs(along - 0.12 * shape[1])).clip(0, 1))
        return [(lines(across + offsets[0]), _STRONG_BLUE), (margin, _MARGIN_RED)]
    cover = np.maximum(lines(across + offsets[0]), lines(along + offsets[1]))
    return [(cover, _FAINT_GREY if kind == "faint squares" else _STRONG_BLUE)]


def _light(scene: Scene, shape: tuple[int, int], random: np.random.Generator) -> Floats:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    u, v = x / shape[1] - 0.5, y / shape[0] - 0.5
    angle = random.uniform(0, 2 * np.pi)
    along = u * np.cos(angle) + v * np.sin(angle)
    level = random.uniform(*scene.light)
    if scene.falls == "slanting":
        return np.asarray(level * (1 - random.uniform(0.05, 0.3) * (along + 0.5)))
    if scene.falls == "shadow":  # of an arm or of the telephone: its edge is sharper or softer
        edge = random.uniform(0.004, 0.05)
        shade = 1 / (1 + np.exp(-((along - random.uniform(-0.2, 0.2)) / edge).clip(-50, 50)))
        return np.asarray(level * (1 - random.uniform(0.35, 0.65) * shade))
    if scene.falls == "flash":
        x0, y0 = random.uniform(-0.3, 0.3, 2)
        distance = (u - x0) ** 2 + (v - y0) ** 2
        return np.asarray(level * (0.35 + 0.75 * np.exp(-distance / random.uniform(0.08, 0.2))))
    return np.full(shape, level)


def _on_table(sheet: Floats, turn: float, random: np.random.Generator) -> Floats:
    """Return a sheet, turned by `turn`, with a dark table around it, of wood or of one colour."""
    height, width = sheet.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    along, across = (np.stack([x - width / 2, y - height / 2], axis=-1) @ _rotation(-turn).T).transpose(2, 0, 1)
    reach = random.uniform(0.33, 0.46, 2) * (width, height)
    inside = (np.minimum(reach[0] - np.abs(along), reach[1] - np.abs(across)) + 0.5).clip(0, 1)[..., None]
    table = np.array([0.3, 0.2, 0.12]) * random.uniform(0.6, 1.4) * np.ones((height, width, 1))
    if random.random() < 0.5:
        grain = scipy.ndimage.gaussian_filter(random.normal(0, 1, (height, width)), (1.5, 40))
        table *= (1 + 0.25 * grain / max(grain.std(), 1e-9)).clip(0.4, 1.8)[..., None]
    return np.asarray(sheet * inside + table * (1 - inside))


def _file_of(pixels: npt.NDArray[np.uint8], scene: Scene) -> bytes:
    picture = Image.fromarray(pixels)
    if scene.quality is None:
        return _png(picture)
    exif = Image.Exif()
    if scene.orientation:
        undone = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        picture = picture.transpose(undone[scene.orientation])
        exif[0x0112] = scene.orientation
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=scene.quality, exif=exif)
    return file.getvalue()


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
