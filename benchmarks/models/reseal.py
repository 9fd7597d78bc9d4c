"""Rewrite trusted checkpoints of older versions in the current one, in place; numbers keep their bits.

    python benchmarks/models/reseal.py models/*.ckpt

Version 1 may have NaN in its JSON, version 2 has other tensor names. Transformers of the first generation are refused.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from gaq.errors import GaqError
from gaq.formats import container
from gaq.formats.checksum import BLANK, sealed
from gaq.formats.texts import finite, to_json
from gaq.train.checkpoint import FORMAT, FORMAT_VERSION, OLD_NAMES, load_checkpoint, save_checkpoint


def reseal(path: Path) -> str:
    """Rewrite one checkpoint. Raises `BadFile`."""
    file = container.read_container(path)
    texts = dict(file.metadata)
    if texts.get("format") != FORMAT or texts.get("format_version") == str(FORMAT_VERSION):
        return "left as it is"
    if texts.get("format_version") != "1":
        save_checkpoint(path, load_checkpoint(path))
        return f"saved again as version {FORMAT_VERSION}"
    texts |= {"format_version": str(OLD_NAMES), "checksum": BLANK}
    texts["manifest"] = to_json(finite(json.loads(texts["manifest"])))
    entries, payload = container.payload_of(file.tensors)
    with tempfile.TemporaryDirectory() as folder:
        sealed_file = Path(folder) / path.name
        sealed_file.write_bytes(sealed(container.to_bytes(texts, entries, payload)))
        save_checkpoint(path, load_checkpoint(sealed_file))
    return f"saved again as version {FORMAT_VERSION}, with a checksum"


def main(names: list[str]) -> int:
    bad = False
    for name in names:
        try:
            print(f"{name}: {reseal(Path(name))}")
        except GaqError as error:
            print(f"{name}: {error}", file=sys.stderr)
            bad = True
    return 2 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
