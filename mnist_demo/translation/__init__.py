"""Every text that a person reads passes through here, and so does every number in it.

``_("…")`` translates now; ``N_("…")`` only marks a text that a module-level table holds, to be translated when it is
shown. English is the source language: without a catalogue a text comes back as it is. Numbers and names go into a
translated sentence with ``.format``, so that a translator sees the whole sentence:

>>> _("Epoch {epoch} of {epochs}").format(epoch=1, epochs=5)
'Epoch 1 of 5'

``ngettext`` chooses a plural form, and ``pgettext`` tells two meanings of one English text apart. ``format_decimal``,
``format_percent``, ``format_unit`` and ``format_list`` write as the reader's language does:

>>> _("{count} images, {share} of them read").format(count=format_decimal(1234), share=format_percent(0.9144, 2))
'1,234 images, 91.44 % of them read'

A text that is made where its reader is not known (in a training process, in a thread of the server) remembers what it
was made of: ``translated`` says it again in the language of whoever reads it. See `Sentence` and `Figure`.
"""

from mnist_demo.translation.columns import padded, wrapped
from mnist_demo.translation.comments import translate_comments
from mnist_demo.translation.languages import (
    SOURCE_LANGUAGE,
    ask_for_language,
    closest_language,
    current_language,
    default_language,
    language_names,
    use_catalogue,
    use_language,
)
from mnist_demo.translation.numerals import Numerals
from mnist_demo.translation.stored import text_from_json, text_to_json
from mnist_demo.translation.texts import (
    N_,
    Figure,
    Sentence,
    _,
    format_decimal,
    format_list,
    format_percent,
    format_unit,
    joined,
    ngettext,
    numerals,
    pgettext,
    printable_path,
    translated,
)

__all__ = [
    "_",
    "N_",
    "ngettext",
    "pgettext",
    "format_decimal",
    "format_percent",
    "format_unit",
    "format_list",
    "joined",
    "printable_path",
    "translated",
    "Sentence",
    "Figure",
    "padded",
    "wrapped",
    "translate_comments",
    "text_to_json",
    "text_from_json",
    "Numerals",
    "numerals",
    "SOURCE_LANGUAGE",
    "language_names",
    "current_language",
    "closest_language",
    "default_language",
    "ask_for_language",
    "use_language",
    "use_catalogue",
]
