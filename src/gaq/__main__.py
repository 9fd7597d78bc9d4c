"""`python -m gaq` is `gaq`."""

from __future__ import annotations

from gaq.cli.main import run

if __name__ == "__main__":
    run()
