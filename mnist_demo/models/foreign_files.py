"""Sentences on what is missing in models of other programs: nothing is guessed, and nothing is unpickled."""

from mnist_demo.models.safetensors_header import end_of_header, read_header
from mnist_demo.translation import N_, _, ngettext

# How files of torch.save, pickle and Keras begin. To open one may be to run what its author wrote into it.
_PROGRAMS = (b"PK\x03\x04", *(b"\x80" + bytes([protocol]) for protocol in range(2, 6)), b"\x89HDF")
_MAY_BE_A_PROGRAM = N_(
    "It is a file of torch.save, pickle or Keras, which is not opened here, since it may hold a program. What is "
    "needed is a safetensors file that “train --output” wrote, which says what its weights belong to: train the model "
    "here."
)
# A model for other runtimes, as this program exports one too: the version of its format (1 to 15), then its producer.
_ONNX = tuple(bytes([8, version, tag]) for version in range(1, 16) for tag in (0x12, 0x3A))
_IS_ONNX = N_(
    "It is an ONNX file, made for other programs: it does not say how the model was trained, and is not opened here. "
    "What is needed is the safetensors file of the same model."
)
_UNKNOWN = N_("It is damaged, or was not written by this program’s “train --output”.")


def describe_foreign_file(content: bytes) -> str:
    """Return what a file lacks that does not say how its model came about."""
    if content.startswith(_PROGRAMS):
        return _(_MAY_BE_A_PROGRAM)
    if content.startswith(_ONNX):
        return _(_IS_ONNX)
    count = _count_arrays(content)
    if not count:
        return _(_UNKNOWN)
    sentence = ngettext(
        "It holds {count} array of another program, but not what “train --output” writes beside the weights: to which "
        "model of this program they belong, and its settings. That is not guessed: train the model here.",
        "It holds {count} arrays of another program, but not what “train --output” writes beside the weights: to which "
        "model of this program they belong, and its settings. That is not guessed: train the model here.",
        count,
    )
    return sentence.format(count=count)


def _count_arrays(content: bytes) -> int:
    """Return how many arrays the header of a whole safetensors file announces; 0 for anything else."""
    try:
        header = read_header(content)
        header.pop("__metadata__", None)
        ends = [about["data_offsets"][1] for about in header.values()]
        return len(ends) if ends and end_of_header(content) + max(ends) == len(content) else 0
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return 0
