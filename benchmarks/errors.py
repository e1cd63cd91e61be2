"""The error of a measurement that cannot be made."""

from mnist_demo.errors import MnistDemoError


class BenchmarkError(MnistDemoError):
    """A measurement failed: a program failed, or something that it needs is not installed."""
