"""``python -m benchmarks``, from a checkout: see `benchmarks.command`."""

import sys

from benchmarks.command import main

# Child processes import this module again, under another name.
if __name__ == "__main__":
    sys.exit(main())
