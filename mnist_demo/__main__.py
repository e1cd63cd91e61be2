"""``python -m mnist_demo``: see `mnist_demo.cli.main`."""

import sys

from mnist_demo.cli.main import main

# Child processes import this module again, under another name.
if __name__ == "__main__":
    sys.exit(main())
