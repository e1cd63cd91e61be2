"""Small pages that ours is compared with, each a Streamlit script of its own."""

from pathlib import Path

HELLO_PAGE = Path(__file__).with_name("hello_app.py")
TEN_LINE_PAGE = Path(__file__).with_name("ten_line_app.py")
