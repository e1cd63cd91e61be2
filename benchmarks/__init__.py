"""Measurements of this program beside what people would use instead; `python -m benchmarks`.

- ``command`` has the flags and prints; ``catalogue`` names the measurements and says what each one needs.
- ``measurements/`` holds them, one a module. Each yields `comparison.Comparison` rows (`measurements.drawings`:
  figures of its own kind) and is given `surroundings.Surroundings`.
- ``drivers/`` is what they use; the browser's part is `tests.browser`, which the tests in a browser use as well.
- ``baselines/`` and ``pages/`` are what is compared with: plain programs, and small Streamlit pages.
"""
