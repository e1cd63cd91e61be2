"""``python -m mnist_demo``: see `mnist_demo.cli`."""

import sys

from mnist_demo.cli import main

# Child processes import this module again, under another name.
if __name__ == "__main__":
    sys.exit(main())
