"""A Streamlit page that says hello: how soon a page can be there at all."""

import streamlit as st

if __name__ == "__main__":
    st.container(key="hello").write("Hello")
