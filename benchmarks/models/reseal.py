"""Save checkpoints of version 1, which have no checksum, as version 2, in place. Give only files that you trust.

    python -m benchmarks.models.reseal models/*.ckpt

Tensors and texts stay as they are; NaN and infinities in JSON become texts. Each file is read back before it takes
the place of the old one. A file of version 2 is left alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gaq.errors import GaqError
from gaq.files import write_atomically
from gaq.formats import container
from gaq.formats.checksum import BLANK, sealed
from gaq.formats.texts import finite, to_json
from gaq.train.checkpoint import FORMAT, FORMAT_VERSION, load_checkpoint


def reseal(path: Path) -> str:
    """Save one checkpoint again; return what was done. Raises BadFile when the file is no checkpoint."""
    file = container.read_container(path)
    texts = dict(file.metadata)
    if texts.get("format") != FORMAT or texts.get("format_version") != "1":
        return "left as it is"
    texts |= {"format_version": str(FORMAT_VERSION), "checksum": BLANK}
    texts["manifest"] = to_json(finite(json.loads(texts["manifest"])))
    entries, payload = container.payload_of(file.tensors)
    content = sealed(container.to_bytes(texts, entries, payload))

    def write(temporary: Path) -> None:
        temporary.write_bytes(content)
        load_checkpoint(temporary)

    write_atomically(path, write)
    return "saved again, with a checksum"


def main(names: list[str]) -> int:
    """Reseal every file named; return 2 if one could not be."""
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
