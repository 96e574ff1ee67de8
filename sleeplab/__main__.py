"""``python -m sleeplab`` is the same as ``sleeplab``."""

import sys

from sleeplab.cli import main

if __name__ == "__main__":
    sys.exit(main())
