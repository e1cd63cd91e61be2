"""The page's entry: ``streamlit run app.py``, or ``mnist-demo page`` where the package is installed."""

if __name__ == "__main__":
    # Under the guard, because a training process imports this file again, under another name, and must get no page.
    import os
    import shlex
    import subprocess
    import sys

    import streamlit as st

    from mnist_demo.translation import _, default_language, use_language

    if not st.runtime.exists():  # python app.py
        use_language(default_language())
        # By this Python: “streamlit” alone is found where the environment is activated.
        words = [sys.executable or "python", "-m", "streamlit", "run", sys.argv[0]]
        command = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
        sys.exit(_("This is a page for Streamlit: type “{command}”.").format(command=command))

    from mnist_demo.ui.frame import build_pages, render_frame
    from mnist_demo.ui.resources import protect, warm_up

    protect()
    st.set_page_config(page_title=_("Learn to read digits"), page_icon="✍️", layout="wide")
    pages = list(build_pages().values())
    page = st.navigation(pages, position="hidden")  # the frame draws it: as tabs on a phone too
    render_frame(pages, page)
    page.run()
    # After the first page: what is imported in a thread beside it would slow it down all the same.
    warm_up()
