"""A bare root gets this machine's settings of pip and apt, and nothing of it stays behind."""

from __future__ import annotations

import configparser
import os
import stat
import subprocess

import pytest
from fresh import quick, root, settings, tree
from fresh.steps import Steps

from house.tree import REPOSITORY, project_files

LISTED = """\
:env:.find-links='/wheels'
:env:.no-cache-dir='1'
global.cache-dir='/home-of/me'
global.extra-index-url='file:///pypi/simple https://user:secret@index.example/simple'
global.find-links='/other'
global.trusted-host="it's"
install.constraint='a\\nb'
install.user='true'
"""


def test_settings_of_pip_are_read_and_written():
    found = settings.parsed(LISTED)
    assert found == {
        "global": {
            "extra-index-url": "file:///pypi/simple https://user:secret@index.example/simple",
            "find-links": "/wheels",  # variables come before files
            "trusted-host": "it's",
        },
        "install": {"constraint": "a\nb"},
    }
    reader = configparser.RawConfigParser()
    reader.read_string(settings.pip_conf(found))
    assert {section: dict(reader[section]) for section in reader.sections()} == found


@pytest.mark.parametrize("value", ["1", "yes", "/a /b", "one\ntwo"])
def test_a_value_is_read_back_as_it_was(value):
    """A value that begins on the next line would begin with a line feed, which pip refuses for a boolean."""
    reader = configparser.RawConfigParser()
    reader.read_string(settings.pip_conf({"global": {"option": value}}))
    assert reader["global"]["option"] == value


def test_folders_that_settings_name_are_found(tmp_path):
    for name in ("wheels", "pypi/simple", "a b"):
        (tmp_path / name).mkdir(parents=True)
    texts = [f"{tmp_path}/wheels  https://index.example/simple", f"file://{tmp_path}/pypi/simple"]
    texts += [f"file://{tmp_path}/a%20b", "/no/such/folder", "relative/wheels", "180", "/"]
    assert settings.named_paths(texts) == [tmp_path / "wheels", tmp_path / "pypi", tmp_path / "a b"]


def test_certificates_and_proxies_are_taken_along(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", "/certificates.pem")
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    monkeypatch.setenv("GAQ_SECRET", "1")
    found = settings.variables()
    assert found["SSL_CERT_FILE"] == "/certificates.pem"
    assert found["https_proxy"] == "http://proxy.example"
    assert "GAQ_SECRET" not in found


def test_the_copy_is_the_project_and_nothing_else(tmp_path):
    copy = tree.copy_tree(tmp_path / "gaq")
    files = {path.relative_to(copy) for path in copy.rglob("*") if path.is_file() and not path.is_symlink()}
    assert {path.relative_to(REPOSITORY) for path in project_files() if not path.is_symlink()} <= files
    assert (copy / "configs").is_symlink()
    assert (copy / "configs" / "water-fp32.toml").is_file()
    assert stat.S_IMODE((copy / ".ci" / "run").stat().st_mode) & 0o100
    assert {".venv", "build", ".git"} & {path.parts[0] for path in files} == set()


def test_a_copy_without_git_is_the_same(tmp_path, monkeypatch):
    with_git = tree.copy_tree(tmp_path / "a")
    monkeypatch.setattr(tree, "ROOT", with_git)
    (with_git / ".venv").mkdir()
    (with_git / "build").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    without = tree.copy_tree(tmp_path / "b")
    names = {path.relative_to(without) for path in without.rglob("*")}
    (with_git / ".venv").rmdir()
    (with_git / "build").rmdir()
    assert names == {path.relative_to(with_git) for path in with_git.rglob("*")}


def test_a_machine_that_cannot_make_a_root_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(root, "PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(root.NotPossible, match="needs debootstrap, .*apt-get install debootstrap.*make fresh-quick"):
        root.expect_possible()
    monkeypatch.setattr(root, "PROGRAMS", ())
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(root.NotPossible, match="needs root's rights"):
        root.expect_possible()


def test_a_root_with_something_mounted_in_it_is_not_removed(tmp_path, monkeypatch):
    """A removal would go on into what is mounted there."""
    place = tmp_path / "fresh"
    (place / "debian").mkdir(parents=True)
    mounts = tmp_path / "mounts"
    monkeypatch.setattr(root, "MOUNTS", mounts)
    mounts.write_text(f"/dev/vda / ext4\n/dev/vda {place}/debian/wheels ext4\n")
    with pytest.raises(root.NotPossible, match=f"not removed: {place}/debian/wheels is still mounted"):
        root.remove(place)
    assert place.exists()
    mounts.write_text(f"/dev/vda / ext4\n/dev/vda {place}-other ext4\n")
    root.remove(place)
    assert not place.exists()
    root.remove(place)


def test_a_link_in_a_root_does_not_lead_to_files_of_this_machine(tmp_path):
    """Debian's package of certificates puts absolute links where this machine's settings go."""
    certificates, debian = tmp_path / "etc", tmp_path / "root"
    inside = debian / certificates.relative_to("/")
    certificates.mkdir()
    inside.mkdir(parents=True)
    (tmp_path / "shared.pem").write_text("this machine's")
    (certificates / "link.pem").symlink_to(tmp_path / "shared.pem")
    (certificates / "file.pem").write_text("newer")
    (certificates / "dangling.pem").symlink_to(tmp_path / "none")
    for name in ("link.pem", "file.pem"):
        (inside / name).symlink_to(tmp_path / "shared.pem")
    root.take_along(certificates, debian)
    root.take_along(certificates / "file.pem", debian)
    root.take_along(certificates / "none", debian)
    assert (tmp_path / "shared.pem").read_text() == "this machine's"
    assert {path.name: path.read_text() for path in inside.iterdir()} == {
        "link.pem": "this machine's",
        "file.pem": "newer",
    }
    assert not any(path.is_symlink() for path in inside.iterdir())


def test_steps_are_timed_also_when_they_fail(capsys):
    steps = Steps()
    with steps.step("make demo"):
        pass
    with pytest.raises(subprocess.CalledProcessError), steps.step("make test"):
        raise subprocess.CalledProcessError(1, ["make", "test"])
    assert list(steps.seconds) == ["make demo", "make test"]
    assert steps.table().splitlines()[-1].split()[0] == "together"
    assert "== make demo" in capsys.readouterr().out


def environment(folder, **megabytes: float):
    """A folder like an environment with these packages."""
    for name, size in megabytes.items():
        package = folder / "lib" / "python3.11" / "site-packages" / name
        package.mkdir(parents=True)
        with (package / "data").open("wb") as file:
            file.truncate(int(size * 1e6))
    return folder


def test_an_environment_without_torch_is_measured(tmp_path):
    said = quick.expect_light(environment(tmp_path, scipy=100, gaq=9))
    assert said == "the environment without PyTorch: 109 MB (scipy 100, gaq 9)"


@pytest.mark.parametrize("megabytes", [{"gaq": 9, "torch": 1}, {"gaq": 9, "nvidia": quick.MOST_MEGABYTES}])
def test_an_environment_that_is_not_light_is_refused(tmp_path, megabytes):
    with pytest.raises(quick.TooLarge, match="expected at most 450"):
        quick.expect_light(environment(tmp_path, **megabytes))
