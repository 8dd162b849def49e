"""``python -m callcodec`` is the ``callcodec`` command."""

import sys

from callcodec.cli import main

if __name__ == "__main__":
    sys.exit(main())
