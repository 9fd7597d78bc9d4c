"""The official archive: hash, extraction, splits, and what is said without a network."""

from __future__ import annotations

import io
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaq.data.fetch import RMD17, fetch_rmd17
from gaq.data.read import read_dataset
from gaq.errors import BadFile, NotAvailable, UsageError
from gaq.files import sha256_of


@pytest.fixture
def archive(tmp_path, rmd17_arrays, write_npz):
    """A small archive laid out like the official one, and its description."""
    whole = write_npz("whole.npz", rmd17_arrays)
    members = {
        "rmd17/readme.txt": b"DO NOT train a model on more than 1000 samples from this dataset",
        "rmd17/npz_data/rmd17_ethanol.npz": whole.read_bytes(),
        "rmd17/splits/index_train_01.csv": b"\n".join(b"%d" % i for i in range(0, 60, 2)),
        "rmd17/splits/index_test_01.csv": b"\n".join(b"%d" % i for i in range(1, 60, 2)),
    }
    path = tmp_path / "small.tar.bz2"
    with tarfile.open(path, "w:bz2") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path, replace(RMD17, sha256=sha256_of(path), size=path.stat().st_size, urls=("http://127.0.0.1:9/none",))


def test_a_copy_of_the_archive(archive, tmp_path, rmd17_arrays):
    path, official = archive
    written = fetch_rmd17("ethanol", tmp_path / "out", source=path, archive=official)
    assert [p.name for p in written] == [
        "rmd17_ethanol.npz",
        "rmd17_ethanol_train_01.npz",
        "rmd17_ethanol_test_01.npz",
    ]
    train = read_dataset(written[1])
    assert train.name == "rmd17/ethanol/train_01"
    np.testing.assert_array_equal(train.structures[1].positions, rmd17_arrays["coords"][2])
    for file in written:
        assert Path(f"{file}.sha256").read_text() == f"{sha256_of(file)}  {file.name}\n"


def test_an_archive_with_another_hash(archive, tmp_path):
    path, official = archive
    with pytest.raises(BadFile, match=r"is not the official rmd17\.tar\.bz2: it has SHA-256 .*expected"):
        fetch_rmd17("ethanol", tmp_path / "out", source=path, archive=replace(official, sha256="0" * 64))
    with pytest.raises(BadFile, match="it has [0-9,]+ bytes; expected 1,066,301,513 bytes"):
        fetch_rmd17("ethanol", tmp_path / "out", source=path)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_molecule_that_is_not_in_the_archive(archive, tmp_path):
    path, official = archive
    with pytest.raises(BadFile, match=r"does not hold rmd17/npz_data/rmd17_aspirin\.npz"):
        fetch_rmd17("aspirin", tmp_path / "out", source=path, archive=official)


def test_an_archive_that_ends_early(archive, tmp_path):
    path, official = archive
    path.write_bytes(path.read_bytes()[:-2000])
    cut = replace(official, sha256=sha256_of(path), size=path.stat().st_size)
    with pytest.raises(BadFile, match="cannot be unpacked|does not hold"):
        fetch_rmd17("ethanol", tmp_path / "out", source=path, archive=cut)


def test_a_copy_of_the_npz(tmp_path, rmd17_arrays, write_npz):
    path = write_npz("mine.npz", rmd17_arrays)
    (written,) = fetch_rmd17("ethanol", tmp_path / "out", source=path)
    assert sha256_of(written) == sha256_of(path)
    with pytest.raises(BadFile, match="holds C2H6O; benzene is C6H6"):
        fetch_rmd17("benzene", tmp_path / "out", source=path)
    assert not (tmp_path / "out" / "rmd17_benzene.npz").exists()


def test_without_a_network(archive, tmp_path):
    _, official = archive
    with pytest.raises(NotAvailable, match=r"could not download .*Without a network, download .* as `archive`"):
        fetch_rmd17("ethanol", tmp_path / "out", cache=tmp_path / "cache", archive=official)
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_archive_in_the_cache_is_used(archive, tmp_path):
    path, official = archive
    (tmp_path / "cache").mkdir()
    path.rename(tmp_path / "cache" / official.name)
    assert len(fetch_rmd17("ethanol", tmp_path / "out", cache=tmp_path / "cache", archive=official)) == 3


def test_without_pooch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(NotAvailable, match=r"pip install .*'\.\[fetch\]'"):
        fetch_rmd17("ethanol", tmp_path / "out")


def test_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=r"no molecule 'azobenzen'. Did you mean 'azobenzene'\?"):
        fetch_rmd17("azobenzen", tmp_path)
    with pytest.raises(UsageError, match="`split` 6"):
        fetch_rmd17("ethanol", tmp_path, split=6)
