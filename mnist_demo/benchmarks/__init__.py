"""What this program claims of itself, measured beside what people would use instead.

A measurement yields `Comparison` rows (or, for drawings, figures of its own kind); `mnist_demo.commands.benchmark` has
the list of them. What is compared with stands in ``baselines/`` and ``ui/benchmarked/`` as the plain
programs that they are.
"""
