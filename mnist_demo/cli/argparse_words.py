"""argparse's own words in the reader's language: it asks a function of its module for each of them."""

import argparse

from mnist_demo.translation import N_, _, ngettext

# As Python 3.11 to 3.14 write them; one that is written otherwise stays English.
WORDS = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("not allowed with argument %s"),
    N_("ignored explicit argument %r"),
    N_("unrecognized arguments: %s"),
)


def translate_argparse() -> None:
    """Have argparse say its words as the rest of the program does; before a parser is built."""
    argparse._ = _  # type: ignore[attr-defined]
    argparse.ngettext = ngettext  # type: ignore[attr-defined]
