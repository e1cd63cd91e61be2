"""Bad input, made up by hypothesis: files with bytes changed, JSON with other values in it, and anything at all."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

# Without the tiny ones that a process which trains takes for zero: hypothesis refuses to make them there.
FLOATS = st.floats(allow_subnormal=False)
# Values that are JSON but hardly what a file means: of every kind, huge, tiny, odd, nested.
# As files of torch.save, pickle, Keras and ONNX begin, and safetensors that say nothing of their model.
FOREIGN_MODELS = (
    *(start + bytes(300) for start in (b"PK\x03\x04", b"\x80\x04", b"\x89HDF\r\n", b"\x08\x0a\x12\x07pytorch")),
    b"\x40" + bytes(7) + b'{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(64) + bytes(4),
)
PICTURE_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF")
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 2**63, 0, -1, 1e308, -0.0, float("nan"), float("inf")]),
    FLOATS,
    st.text(max_size=20),
    st.sampled_from(["__proto__", "../../etc/passwd", "1_000", "１２", "\x00", "\ud800", "9" * 5000]),
    st.recursive(
        st.none() | FLOATS | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=8,
    ),
)


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return `content` cut off, or with pieces of it changed, left out, doubled or put in."""
    for _piece in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.integers(0, 12)))
        piece = draw(st.binary(max_size=12) | st.sampled_from([content[begin:end] * 2, b"", b"9" * 400, b"nan", b"-"]))
        content = draw(st.sampled_from([content[:begin] + piece + content[end:]] * 9 + [content[:begin]]))
    return content


@st.composite
def with_junk(draw: st.DrawFn, value: Any) -> Any:
    """Return a copy of `value`, as JSON has it, with something else at one place in it, or one more, or one less."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 5)) == 0:
        return draw(JUNK)
    copy: Any = value.copy()
    place = draw(st.sampled_from(sorted(copy)) if isinstance(copy, dict) else st.integers(0, len(copy) - 1))
    what = draw(st.integers(0, 9))
    if what == 0:
        del copy[place]
    elif what == 1 and isinstance(copy, dict):
        copy[draw(st.text(max_size=8))] = draw(JUNK)
    else:
        copy[place] = draw(with_junk(copy[place]))
    return copy


def damaged_json(content: bytes) -> st.SearchStrategy[bytes]:
    """Return what makes files of JSON that is damaged as text, or says something else."""
    other = with_junk(json.loads(content)).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    return other | damaged(content)


def damaged_tensors(content: bytes) -> st.SearchStrategy[bytes]:
    """Return what makes safetensors files that are damaged, or whose header, or the text in it, says something else."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])

    def joined(header: Any) -> bytes:
        text = json.dumps(header).encode("utf-8", "surrogatepass")
        return len(text).to_bytes(8, "little") + text + content[8 + length :]

    (name, text), *_others = header["__metadata__"].items()
    said = with_junk(json.loads(text)).map(
        lambda about: joined({**header, "__metadata__": {name: json.dumps(about)}}),
    )
    return said | with_junk(header).map(joined) | damaged(content)


@st.composite
def marked_paper(draw: st.DrawFn) -> npt.NDArray[np.uint8]:
    """Return pictures, uint8 (h, w), of up to twenty thousand marks of one size on grainy paper, as of a texture."""
    height, width = (draw(st.integers(1, 100) | st.integers(400, 900)) for _side in range(2))
    high, wide = (draw(st.integers(1, 4) | st.integers(1, 60)) for _side in range(2))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    grain = draw(st.sampled_from([0.0, 2.0, 20.0]))
    paper = (draw(st.integers(0, 255)) + random.normal(0, grain, (height, width))).clip(0, 255).astype(np.uint8)
    ink, count = draw(st.integers(0, 255)), draw(st.sampled_from([1, 30, 1000, 10_000, 20_000]))
    for top, left in random.integers(0, [height, width], (count, 2)):
        paper[top : top + high, left : left + wide] = ink
    return paper
