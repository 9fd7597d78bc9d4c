"""Install each peer in its environment.

python -m benchmarks.speed.peers.install --into build/peers
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONSTRAINTS = HERE.parents[2] / "constraints.txt"  # unpinned torch takes gigabytes
SHARED = ["-c", str(CONSTRAINTS), "numpy", "ase"]
# arguments of successive pip calls
PEERS = {
    "xtb": [[*SHARED, "tblite"]],
    "so3krates": [["-c", str(CONSTRAINTS), "numpy", "jax==0.10.2"]],
    # SchNetPack 2.1.1 requires a sympy too old for PyTorch 2.13.
    "painn": [
        [
            *(*SHARED, "torch", "h5py", "pyyaml", "hydra-core", "hydra-colorlog", "pytorch_lightning", "torchmetrics"),
            *(
                "fasteners",
                "dirsync",
                "torch-ema",
                "matscipy",
                "tqdm",
                "tensorboardX",
                "progressbar",
                "vesin",
                "safetensors",
            ),
        ],
        ["--no-deps", "schnetpack==2.1.1"],
    ],
    "mace": [[*SHARED, "torch"], ["torch==2.13.0", "mace-torch==0.3.16"]],
    "sevennet": [[*SHARED, "torch"], ["torch==2.13.0", "sevenn==0.13.0", "safetensors"]],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=Path("build/peers"))
    parser.add_argument("--only", nargs="*", choices=tuple(PEERS))
    arguments = parser.parse_args()
    failed = [name for name in arguments.only or PEERS if not installed(arguments.into / name, PEERS[name])]
    if failed:
        sys.exit(f"not installed: {', '.join(failed)}; benchmarks/speed/peers/run.py goes on without them")


def installed(folder: Path, requests: list[list[str]]) -> bool:
    """Return whether a complete environment exists."""
    stamp = folder / ".ready"
    if stamp.exists():
        return True
    print(f"installing {folder}", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False).returncode:
        return False
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if any(subprocess.run([*pip, *request], check=False).returncode for request in requests):
        return False
    stamp.touch()
    return True


if __name__ == "__main__":
    main()
