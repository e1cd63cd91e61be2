"""Picture files of telephones and cameras: formats, sizes, ranges of values, and folders of them."""

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_demo.drawing import picture_files
from mnist_demo.drawing.image import image_from_bitmap, load_bitmap, pictures_in
from mnist_demo.errors import ImageError
from tests.drawing.drawn_digits import difference, draw, four
from tests.faults.bounds import MEGABYTES, forget_peak, peak_kilobytes

# A 4 of 64 × 64 pixels, encoded with pillow-heif 1.8, since what reads HEIC here cannot write it.
HEIC = base64.b85decode(
    "0000SW^{RQXk}@500000ZE0pPXk}@5ZE0a<0003_ZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=I"
    "V*mgE07O6l0RRC200001asUAU00000007Vc001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002a"
    "X>f9I00025X>en20001TXm(>m0R#vD005u(000009`FGC{P_3)01pFT0096OKmiN^|NjIC00093pZEX(0{{RXx&lC90096dLID8;"
    "2mk;B0H62(00RI39>9VG7F($#rn#^n00096AOHXZ03l)k0RRU?0l{*xB0vBD025<xY;ta6Y<K_x01W^JfB*mh6lrsCWdHyG00000"
    "KmY&$KmY&$4sdCBX#fBK009U9000+haBX1#00000000310R({p0|Wp70N8D0VRQfh0L&->t`@);U3Bw`&Q5EY=;H-Gpb<1%(FNo0"
    "25Yg@5;WFU-pi6Ohrk|k%urSkG<eRnUtqLVV?uaD`S%~I^si02`^)0pt*~3KII?MdE~m7z;kb>1-RKpt@|9&2R%u7?0TDC2aCLj("
    "-EF^l9_SGq5(yb5g!i26hO_e{q8<o!M!YjX)+F7G*Ke9V&r)Xxko+P=S6w*KRD-o8TZ6DmF&>d554Qb0wh|Op<4Z2|A~gnwGFSCt"
    "#jzm{G9ROe-VZUm?uLv&vG@"
)


@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg"])
def test_load_bitmap_of_a_telephone_reads_heic_whatever_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HEIC)
    bitmap = load_bitmap(tmp_path / name)
    assert bitmap.shape[:2] == (64, 64)
    assert difference(image_from_bitmap(draw(four(), 64)), image_from_bitmap(bitmap)) < 0.15


def test_load_bitmap_of_a_large_heic_is_reduced_as_a_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(HEIC)
    full = load_bitmap(tmp_path / "photo.heic")
    monkeypatch.setattr(picture_files, "ENOUGH_SIDE", 20)
    monkeypatch.setattr(picture_files, "STRIP", 4)
    whole = np.asarray(Image.fromarray(full).reduce(3))
    np.testing.assert_array_equal(load_bitmap(tmp_path / "photo.heic"), whole)


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "avif", "tif"])
def test_load_bitmap_of_a_turned_photograph_is_upright(extension: str, tmp_path: Path) -> None:
    turned = Image.fromarray(np.rot90(255 - draw(four())))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    turned.save(tmp_path / f"four.{extension}", exif=exif)
    bitmap = load_bitmap(tmp_path / f"four.{extension}")
    assert difference(image_from_bitmap(draw(four())), image_from_bitmap(bitmap)) < 0.1


def test_load_bitmap_reads_avif(tmp_path: Path) -> None:
    Image.fromarray(255 - draw(four())).save(tmp_path / "four.avif")
    assert difference(image_from_bitmap(draw(four())), image_from_bitmap(load_bitmap(tmp_path / "four.avif"))) < 0.1


@pytest.mark.parametrize(("name", "mode"), [("a.jpg", "L"), ("a.mpo", "L"), ("a.png", "L"), ("a.tif", "LA")])
def test_load_bitmap_of_fifty_megapixels_is_made_smaller_in_bounded_memory(
    name: str, mode: str, tmp_path: Path
) -> None:
    photograph = Image.new("L", (8160, 6144), 255)
    photograph.paste(Image.fromarray(255 - draw(four(), 700)).resize((2800, 2800)), (1000, 500))
    several = {"save_all": True, "append_images": [Image.new("L", (60, 40))]} if name == "a.mpo" else {}
    photograph.convert(mode).save(tmp_path / name, None, compress_level=1, **several)
    del photograph
    forget_peak()
    used = peak_kilobytes()
    bitmap = load_bitmap(tmp_path / name)
    assert peak_kilobytes() - used < 1000 * MEGABYTES
    assert 2000 <= max(bitmap.shape) <= 4100
    assert difference(image_from_bitmap(draw(four(), 900)), image_from_bitmap(bitmap)) < 0.1


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "CMYK", "I;16", "F"])
def test_load_bitmap_of_any_mode_is_reduced_strip_by_strip_as_a_whole(
    mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(picture_files, "ENOUGH_SIDE", 20)
    ink = draw(four(), 70)[:, 5:]
    picture = Image.fromarray(ink.astype(np.uint16) if mode == "I;16" else ink)
    (picture if mode == "I;16" else picture.convert(mode)).save(tmp_path / "four.tif")
    whole = load_bitmap(tmp_path / "four.tif")
    assert whole.shape[:2] == (24, 22)
    monkeypatch.setattr(picture_files, "STRIP", 4)
    np.testing.assert_array_equal(load_bitmap(tmp_path / "four.tif"), whole)


def test_load_bitmap_that_would_take_too_much_memory_to_decode_is_refused_with_its_limit(tmp_path: Path) -> None:
    Image.new("L", (5300, 5300)).save(tmp_path / "photo.webp", method=0, quality=1)
    with pytest.raises(ImageError, match="28,000,000 in all are read"):
        load_bitmap(tmp_path / "photo.webp")


@pytest.mark.parametrize("lowest", [0, 30_000])
@pytest.mark.parametrize("highest", [1, 15, 4095])
def test_load_bitmap_with_any_range_of_values_shows_the_digit(lowest: int, highest: int, tmp_path: Path) -> None:
    ink = draw(four())
    Image.fromarray(np.asarray(lowest + (ink / 255 * highest).round(), np.uint16)).save(tmp_path / "four.png")
    expected = image_from_bitmap((ink > 127).astype(np.uint8) * 255 if highest == 1 else ink)
    assert difference(expected, image_from_bitmap(load_bitmap(tmp_path / "four.png"))) < 0.1


@pytest.mark.parametrize("mode", ["I;16", "F"])
@pytest.mark.parametrize("highest", [1, 4095])
def test_load_bitmap_of_deep_pixels_keeps_a_thin_stroke_when_it_is_made_smaller(
    mode: str, highest: int, tmp_path: Path
) -> None:
    ink = np.zeros((4200, 300))
    ink[:, 101] = highest  # between the pixels that a step of two would take
    Image.fromarray(ink.astype(np.float32 if mode == "F" else np.uint16)).save(tmp_path / "line.tif")
    bitmap = load_bitmap(tmp_path / "line.tif")
    assert bitmap.shape == (2100, 150)
    assert (bitmap[:, 50] == 255).all()
    assert bitmap[:, 51:].max() == 0


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (6, 4), (4, 2)])  # of PNG: colours, … and grey with opacity
def test_load_bitmap_of_a_png_of_16_bits_that_uses_the_lower_8_shows_the_digit(
    kind: int, channels: int, tmp_path: Path
) -> None:
    ink = draw(four())
    opacity = [np.full_like(ink, 65535, ">u2")] * (channels % 2 == 0)
    deep = np.stack([ink.astype(">u2")] * (channels - len(opacity)) + opacity, axis=2)
    rows = b"".join(b"\0" + row.tobytes() for row in deep)  # none of them filtered
    header = struct.pack(">IIBBBBB", 280, 280, 16, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    (tmp_path / "four.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
            for name, content in chunks
        )
    )
    assert difference(image_from_bitmap(ink), image_from_bitmap(load_bitmap(tmp_path / "four.png"))) < 0.1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_load_bitmap_of_a_tiff_of_16_bits_that_uses_the_lower_8_shows_the_digit(
    is_packed: bool, order: str, tmp_path: Path
) -> None:
    ink = draw(four())
    pixels = np.stack([ink] * 3, axis=2).astype(f"{order}u2").tobytes()
    pixels = zlib.compress(pixels) if is_packed else pixels
    # Its directory follows the head of 8 bytes: what each of 9 lines is about, its type, how many, and the value or
    # where the values are; behind it are the bits of each colour, and the pixels.
    behind = 8 + 2 + 9 * 12 + 4
    lines = [(256, 280), (257, 280), (258, behind), (259, 8 if is_packed else 1), (262, 2), (273, behind + 6)]
    lines += [(277, 3), (278, 280), (279, len(pixels))]
    short = {259, 262, 277}
    (tmp_path / "four.tif").write_bytes(
        {"<": b"II", ">": b"MM"}[order]
        + struct.pack(f"{order}HIH", 42, 8, len(lines))
        + b"".join(
            struct.pack(f"{order}HHI", tag, 3 if tag in short or tag == 258 else 4, 3 if tag == 258 else 1)
            + struct.pack(f"{order}HH" if tag in short else f"{order}I", *([value, 0] if tag in short else [value]))
            for tag, value in lines
        )
        + struct.pack(f"{order}IHHH", 0, 16, 16, 16)
        + pixels
    )
    assert difference(image_from_bitmap(ink), image_from_bitmap(load_bitmap(tmp_path / "four.tif"))) < 0.1


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"II*\0CR2\0raw"])
def test_load_bitmap_of_another_format_says_what_to_do(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(ImageError, match="save it as JPEG or PNG"):
        load_bitmap(tmp_path / "photo.jpg")


def test_pictures_in_a_folder_are_told_by_their_content(tmp_path: Path) -> None:
    for name in ("b", "a.txt"):
        Image.fromarray(draw(four(), 40)).save(tmp_path / name, "PNG")
    (tmp_path / "notes.png").write_text("no picture")
    (tmp_path / "more").mkdir()
    assert pictures_in(tmp_path) == [tmp_path / "a.txt", tmp_path / "b"]
    with pytest.raises(ImageError, match="no picture in this folder"):
        pictures_in(tmp_path / "more")
