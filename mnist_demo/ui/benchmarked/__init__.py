"""What the benchmark of the page needs of Streamlit: the small apps compared with, and visitors without a browser."""
