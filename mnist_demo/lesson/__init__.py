"""The computations, questions and code of the lesson, independent of the page."""
