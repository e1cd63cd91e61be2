"""Every text that a person reads passes through here.

``_("…")`` translates now; ``N_("…")`` only marks a text that a module-level table holds, to be translated when it is
shown. English is the source language: without a catalogue a text comes back as it is. Numbers and names go into a
translated sentence with ``.format``, so that a translator sees the whole sentence:

>>> _("Epoch {epoch} of {epochs}").format(epoch=1, epochs=5)
'Epoch 1 of 5'
"""

import gettext as _gettext
from contextvars import ContextVar
from pathlib import Path

DOMAIN = "mnist_demo"
LOCALE_FOLDER = Path(__file__).parent / "locale"
_DEFAULT: _gettext.NullTranslations = _gettext.translation(DOMAIN, LOCALE_FOLDER, languages=["en"], fallback=True)
# A context variable, not a global: two visitors of one server may read different languages at the same moment.
_catalogue: ContextVar[_gettext.NullTranslations] = ContextVar("catalogue", default=_DEFAULT)


def use_language(language: str) -> None:
    """Translate into `language` (such as ``"ko"``) from here on in this context; English where a text has no entry."""
    _catalogue.set(_gettext.translation(DOMAIN, LOCALE_FOLDER, languages=[language], fallback=True))


def _(text: str) -> str:
    """Return `text` in the reader's language."""
    return _catalogue.get().gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of the text that goes with `count`, in the reader's language."""
    return _catalogue.get().ngettext(singular, plural, count)


def N_(text: str) -> str:  # noqa: N802  (the customary name: tools that collect texts look for it)
    """Mark `text` for the catalogue and return it unchanged."""
    return text
