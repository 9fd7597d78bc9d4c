"""Prove that the README's commands work on a fresh machine: `make fresh`, or its quick half, `make fresh-quick`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from fresh.quick import TooLarge, quick
from fresh.root import NotPossible, whole
from fresh.steps import Steps

README = ["make demo", "make test"]


def main() -> int:
    """Run a proof, print the time of each step, and return the exit status."""
    parser = argparse.ArgumentParser(prog="fresh", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser(
        "quick", help="new folders and environments, caches off: gaq without PyTorch, then the demo in a short form"
    )
    root = kinds.add_parser("root", help="the README's commands in a bare Debian root; run by root")
    root.add_argument("--suite", help="release of Debian; this machine's, or stable")
    root.add_argument("--keep", action="store_true", help="leave the root in build/fresh")
    root.add_argument("--command", action="append", metavar="TEXT", help=f"instead of: {', '.join(README)}; may repeat")
    options = parser.parse_args()
    steps = Steps()
    try:
        if options.kind == "quick":
            quick(steps)
        else:
            whole(steps, options.command or README, options.suite, options.keep)
    except (NotPossible, TooLarge) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"\n{steps.table()}\nfailed with status {error.returncode}: {error.cmd[-1]}", file=sys.stderr)
        return 1
    print(f"\n{steps.table()}\nfresh: all steps passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
