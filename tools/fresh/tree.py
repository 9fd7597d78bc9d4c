"""Copy the files of the project, as git sees them, without what tools left behind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "build", "dist", "runs", "__pycache__", ".*_cache")


def copy_tree(into: Path) -> Path:
    """Copy the files that git tracks or would track to the new folder `into`; without git, all except leftovers."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(ROOT, into, symlinks=True, ignore=LEFT_BEHIND)
        return into
    for name in filter(None, listed):
        source, target = ROOT / name, into / name
        if source.is_symlink() or source.exists():  # a file may be deleted and not yet staged
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    return into
