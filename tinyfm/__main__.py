"""`python -m tinyfm` is the command `tinyfm`."""
import sys

from tinyfm.cli import main

if __name__ == "__main__":
    sys.exit(main())
