"""What this program claims of itself, measured beside what people would use instead; `python -m benchmarks`.

A measurement yields `Comparison` rows (or, for drawings, figures of its own kind); `benchmarks.command` has the list of
them. What is compared with stands in ``baselines/`` and ``pages/`` as the plain programs that they are.
"""
