"""The same canvas, and no model: how soon after a stroke a page can answer at all."""

import streamlit as st
from streamlit_drawable_canvas import st_canvas

if __name__ == "__main__":
    with st.container(key="drawing-canvas", width="content"):
        canvas = st_canvas(height=280, width=280, stroke_width=16, stroke_color="#16211f", background_color="#ffffff")
    strokes = canvas.json_data["objects"] if canvas.json_data else []
    st.container(key="answer").html(f"<output>{len(strokes)} strokes</output>")
