"""The commands of ``python -m mnist_demo``, one file each: the parts behind `mnist_demo.cli`."""
