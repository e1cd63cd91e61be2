"""See a neural network learn to read handwritten digits.

The package is a stack; imports point down only. From the top: ``ui`` (the Streamlit page), ``cli``, ``jobs`` (training
in another process), ``checkpoints``, ``training``, ``metrics``, ``models``, ``drawing``, ``datasets``,
``hyperparameters``, ``errors``. Nothing but ``ui`` knows Streamlit.
"""

__version__ = "0.1.0"  # as in pyproject.toml
