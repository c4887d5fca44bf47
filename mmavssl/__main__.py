"""``python -m mmavssl``."""

import sys

from mmavssl.cli import main

if __name__ == '__main__':
    sys.exit(main())
