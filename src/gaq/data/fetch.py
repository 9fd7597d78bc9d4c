"""Download the official rMD17 archive, verify its hash, and extract the files of one molecule."""

from __future__ import annotations

import csv
import io
import re
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.elements import formula
from gaq.cache import cache_folder
from gaq.data.npz import read_arrays
from gaq.data.rmd17 import NAMES, read_rmd17
from gaq.errors import BadFile, NotAvailable, UsageError, nearest
from gaq.extras import how_to_install
from gaq.files import readable_file, sha256_of, writable_folder, write_atomically

FORMULAS = {
    "aspirin": "C9H8O4",
    "azobenzene": "C12H10N2",
    "benzene": "C6H6",
    "ethanol": "C2H6O",
    "malonaldehyde": "C3H4O2",
    "naphthalene": "C10H8",
    "paracetamol": "C8H9NO2",
    "salicylic": "C7H6O3",
    "toluene": "C7H8",
    "uracil": "C4H4N2O2",
}


HASH, MOST_OF_A_HASH = ".sha256", 1000


@dataclass(frozen=True)
class Archive:
    """Address, size and hash of a file."""

    name: str
    urls: tuple[str, ...]
    sha256: str
    size: int  # bytes
    page: str


RMD17 = Archive(
    "rmd17.tar.bz2",
    (
        "https://figshare.com/ndownloader/files/23950376",
        "https://archive.materialscloud.org/records/pfffs-fff86/files/rmd17.tar.bz2",
    ),
    "cddeea2ec2c4b22a9de16a9a65a3eeedac5b29da9c99c20bbff0153912bf922b",
    1_066_301_513,
    "https://figshare.com/articles/dataset/Revised_MD17_dataset_rMD17_/12672038",
)


def fetch_rmd17(
    molecule: str,
    folder: Path,
    split: int = 1,
    source: Path | None = None,
    cache: Path | None = None,
    archive: Archive = RMD17,
    progress: Any = False,
    claim: Callable[[Path], None] = lambda path: None,
) -> list[Path]:
    """Put `rmd17_MOLECULE.npz` and its official split (1 to 5) into `folder`; return the three paths.

    The archive is downloaded to `cache`, or taken from `source`, and checked by SHA-256; `source` may also
    be the npz of the molecule, which is checked by its formula. The hash of each file is written to
    `FILE.sha256`. `claim` is called with each file before anything is written, and raises if it must not be replaced.
    `progress` is a progress bar for pooch. Raises UsageError, BadFile, NotAvailable (no network, no pooch).
    """
    if molecule not in FORMULAS:
        hint = nearest(molecule, FORMULAS)
        raise UsageError(f"rMD17 has no molecule {molecule!r}.{hint} It has {', '.join(FORMULAS)}.")
    if not 1 <= split <= 5:
        raise UsageError(f"`split` {split}: rMD17 has the official splits 1 to 5.")
    writable_folder(folder)
    whole = folder / f"rmd17_{molecule}.npz"
    if source is not None and readable_file(source).suffix == ".npz":
        _check_formula(source, molecule)
        _claim_all([whole], claim, source)
        if source.resolve() != whole.resolve():
            write_atomically(whole, lambda temporary: shutil.copyfile(source, temporary))
        return _with_hashes([whole])
    names = [folder / f"rmd17_{molecule}_{part}_{split:02d}.npz" for part in ("train", "test")]
    _claim_all([whole, *names], claim)
    local = download(archive, cache, progress) if source is None else source
    check_archive(local, archive)
    wanted = [f"rmd17/splits/index_{part}_{split:02d}.csv" for part in ("train", "test")]
    members = extract(local, [f"rmd17/npz_data/{whole.name}", *wanted])
    write_atomically(whole, lambda temporary: temporary.write_bytes(members[0]))
    _check_formula(whole, molecule)
    parts = [_write_part(whole, name, _indices(text)) for name, text in zip(names, members[1:], strict=True)]
    return _with_hashes([whole, *parts])


def download(archive: Archive, cache: Path | None, progress: Any = False) -> Path:
    """Return the archive in `cache` (default: the user's cache folder); download it if it is missing.

    Raises NotAvailable if no address answers or pooch is not installed, BadFile for a wrong hash.
    """
    try:
        import pooch
    except ImportError as error:
        raise NotAvailable(
            f"downloads need pooch, which is not installed. {how_to_install('fetch')}\nOr {_by_hand(archive)}"
        ) from error
    from requests.exceptions import RequestException

    folder = writable_folder(cache if cache is not None else cache_folder())
    if (folder / archive.name).exists():
        return folder / archive.name
    reasons = []
    for url in archive.urls:
        downloader = pooch.HTTPDownloader(progressbar=progress, timeout=30)
        try:
            return Path(
                pooch.retrieve(url, f"sha256:{archive.sha256}", fname=archive.name, path=folder, downloader=downloader)
            )
        except (RequestException, OSError) as error:
            reasons.append(f"{url}: {_plain(error)}")
        except ValueError:  # pooch found another hash and has deleted the file
            reasons.append(f"{url}: sent a file with another SHA-256")
    raise NotAvailable(
        f"could not download {archive.name} ({'; '.join(reasons)}). Without a network, {_by_hand(archive)}"
    )


def check_archive(path: Path, archive: Archive) -> None:
    """Raise BadFile unless the file is the official one."""
    size = readable_file(path).stat().st_size
    found = sha256_of(path) if size == archive.size else None
    if found != archive.sha256:
        what = f"{size:,} bytes" if found is None else f"SHA-256 {found}"
        raise BadFile(
            f"{path} is not the official {archive.name}: it has {what}; expected {archive.size:,} bytes "
            f"with SHA-256 {archive.sha256}. It is truncated or another version; delete it and fetch it "
            f"again from {archive.page}."
        )


def extract(path: Path, members: list[str]) -> list[bytes]:
    """Return the contents of these members of a .tar.bz2, in this order. Raises BadFile if one is missing."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|bz2") as tar:
            for entry in tar:
                if entry.name in members and entry.isfile():
                    stream = tar.extractfile(entry)
                    found[entry.name] = stream.read() if stream is not None else b""
                if len(found) == len(members):
                    break
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BadFile(f"{path} cannot be unpacked ({error}). Delete it and fetch it again.") from error
    missing = [name for name in members if name not in found]
    if missing:
        raise BadFile(f"{path} does not hold {', '.join(missing)}. It is another archive; fetch the official one.")
    return [found[name] for name in members]


def _write_part(whole: Path, path: Path, indices: np.ndarray) -> Path:
    """Return the frames of an official split, as an rMD17 file."""
    keys = (*NAMES.all(), "old_indices")
    arrays = read_arrays(whole, keys, NAMES.kind)
    if len(indices) == 0 or indices.max() >= len(arrays["coords"]):
        raise BadFile(f"{whole} has {len(arrays['coords'])} frames, fewer than its official split needs.")
    chosen: dict[str, Any] = {key: arrays[key] if key == NAMES.species else arrays[key][indices] for key in keys}

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as stream:
            np.savez(stream, **chosen)

    write_atomically(path, write)
    return path


def _indices(text: bytes) -> np.ndarray:
    rows = csv.reader(io.StringIO(text.decode("ascii")))
    return np.array([int(row[0]) for row in rows if row and row[0].strip().isdigit()], dtype=np.int64)


def _check_formula(path: Path, molecule: str) -> None:
    found = formula(read_rmd17(path, limit=100).structures[0].species.tolist())
    if found != FORMULAS[molecule]:
        raise BadFile(f"{path} holds {found}; {molecule} is {FORMULAS[molecule]}. Give the file of {molecule}.")


def was_fetched(path: Path) -> bool:
    """Return whether a file is unchanged since `fetch_rmd17` wrote it, by its .sha256 file, or is such a file."""
    if path.suffix == HASH:
        return re.fullmatch(rf"[0-9a-f]{{64}}  {re.escape(path.stem)}\n", _text_of(path)) is not None
    return _text_of(_hash_file(path)) == _hash_line(path)


def _claim_all(paths: list[Path], claim: Callable[[Path], None], source: Path | None = None) -> None:
    for path in paths:
        if source is None or path.resolve() != source.resolve():
            claim(path)
        claim(_hash_file(path))


def _with_hashes(paths: list[Path]) -> list[Path]:
    for path in paths:
        _write_text(_hash_file(path), _hash_line(path))
    return paths


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}{HASH}")


def _hash_line(path: Path) -> str:
    return f"{sha256_of(path)}  {path.name}\n"


def _text_of(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(MOST_OF_A_HASH)
    except OSError:
        return ""


def _write_text(path: Path, text: str) -> None:
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _by_hand(archive: Archive) -> str:
    return (
        f"download {archive.name} ({archive.size / 1e9:.1f} GB) from {archive.page} on another machine, "
        f"copy it here, and give {archive.name} as `archive`; the npz of the molecule alone will do too."
    )


def _plain(error: Exception) -> str:
    """Return the innermost cause, without the object addresses that libraries add."""
    text = str(getattr(error, "reason", None) or (error.args[0] if error.args else error))
    for marker in (
        "Name or service not known",
        "Temporary failure in name resolution",
        "No address associated",
    ):
        if marker in text:
            return "no network (the name cannot be resolved)"
    return text.splitlines()[0][:160] if text else type(error).__name__
