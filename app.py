"""The page: ``streamlit run app.py``."""

if __name__ == "__main__":
    # Under the guard, because a training process imports this file again, under another name, and must get no page.
    import streamlit as st

    from mnist_demo.translation import _
    from mnist_demo.ui.pages.laboratory import render_laboratory
    from mnist_demo.ui.resources import warm_up

    st.set_page_config(page_title=_("Learn to read digits"), page_icon="✍️", layout="wide")
    warm_up()
    st.navigation([st.Page(render_laboratory, title=_("Laboratory"), url_path="laboratory")], position="hidden").run()
