"""Text from elsewhere in places where Streamlit reads Markdown."""

import re

_SPECIAL = re.compile(r"([\\`*_\[\]<~$])")


def escape_markdown(text: str) -> str:
    """Return `text` so that Markdown shows it as it is: a link or picture that somebody typed stays letters."""
    return _SPECIAL.sub(r"\\\1", text)
