"""The pulse that has a part of the page beside the canvas refresh by itself.

As a fragment's ``run_every`` does, but not while somebody draws or clicks, nor while nobody sees the page.
"""

from pathlib import Path

import streamlit as st

from mnist_demo.ui import keys

# Not isolated: without a shadow root there is less for the browser to do.
_component = st.components.v2.component(
    keys.PULSE, js=Path(__file__).with_name("pulse.js").read_text(encoding="utf-8"), isolate_styles=False
)


def render_pulse(seconds: float, key: str) -> None:
    """Have the fragment in which this is called run again after `seconds`, and so on; it takes no room."""
    _component(key=key, data={"seconds": seconds, "canvas": f".st-key-{keys.DRAWING_CANVAS}"}, on_beat_change=_beat)


def _beat() -> None:
    """Do nothing: that the fragment runs is all."""
