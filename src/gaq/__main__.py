"""`python -m gaq` is `gaq`."""

from __future__ import annotations

import os
import sys

import gaq

# `python -m` puts the working directory first on the path: a numpy.py that lies there is none of ours.
if not sys.flags.safe_path and sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(gaq.__file__)):
    del sys.path[0]

from gaq.cli.main import run

if __name__ == "__main__":
    run()
