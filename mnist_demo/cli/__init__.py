"""The command line: ``mnist-demo``, or ``python -m mnist_demo``; a file for each command."""
