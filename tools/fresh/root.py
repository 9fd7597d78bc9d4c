"""The whole proof: the README's commands, typed by an ordinary user in a bare Debian root.

The root comes from debootstrap, then python3, python3-venv, make and g++, nothing else. How packages are reached is
this machine's own setting; pip's cache is off. Needs to be run by root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from fresh.settings import named_paths, pip_conf, pip_settings, variables
from fresh.steps import Steps
from fresh.tree import ROOT, copy_tree

PACKAGES = ("python3", "python3-venv", "make", "g++")
PROGRAMS = ("debootstrap", "unshare", "chroot", "mount")
USER, HOME = "1000:1000", "/srv/user"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOUNTS = Path("/proc/mounts")
ENTER = Path(__file__).with_name("enter.sh")
# What apt reads on this machine, as far as it is there.
APT = ("/etc/apt", "/usr/share/keyrings")
NETWORK = (Path("/etc/resolv.conf"), Path("/etc/hosts"))


class NotPossible(Exception):
    """Why this machine cannot make a root, in words."""


def expect_possible() -> None:
    """Raise `NotPossible` on a machine that cannot make a root."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:{PATH}") is None]
    if os.geteuid() or missing:
        what = f"{', '.join(missing)} (Debian, Ubuntu: apt-get install debootstrap)" if missing else "root's rights"
        raise NotPossible(f"make fresh makes a bare Debian root and needs {what}. make fresh-quick needs neither.")


def whole(steps: Steps, commands: list[str], suite: str | None, keep: bool) -> None:
    """Make the root in build/fresh, run `commands` in a copy of the project, and remove the root unless `keep`."""
    expect_possible()
    place = ROOT / "build" / "fresh"
    remove(place)
    place.mkdir(parents=True)
    root = BareRoot(place / "root", suite or os_release().get("VERSION_CODENAME", "stable"))
    try:
        with steps.step("debootstrap"):
            root.make()
        with steps.step(f"apt-get install {' '.join(PACKAGES)}"):
            root.install()
        root.describe()
        for command in commands:
            with steps.step(command):
                root.run_as_user(*command.split())
    finally:
        if not keep:
            remove(place)


class BareRoot:
    """A folder with a Debian of its own, and what is taken along from this machine."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.folder, self.suite = folder, suite
        self.variables = variables()
        self.pip = pip_settings()
        values = [value for options in self.pip.values() for value in options.values()]
        named = named_paths([*values, *self.variables.values()])
        self.copied = [path for path in named if path.is_relative_to("/etc")]
        self.bound = [path for path in named if path not in self.copied]

    def make(self) -> None:
        """Make a minimal Debian, from where this machine's apt gets it, and take settings along."""
        mirror = [address for address, suite in apt_sources() if suite == self.suite][:1]
        command = ["debootstrap", "--variant=minbase", self.suite, str(self.folder), *mirror]
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:{PATH}"}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        # Settings of apt for another Debian, or another distribution, would bring that one's packages.
        if mirror:
            (self.folder / "etc/apt/sources.list").unlink(missing_ok=True)
        for path in (*map(Path, APT if mirror else ()), *NETWORK, *self.copied):
            take_along(path, self.folder)
        self.folder.with_name("root.folders").write_text("".join(f"{path}\n" for path in self.bound))

    def install(self) -> None:
        """Install what the README asks for, and make an ordinary user with a copy of the project and pip's settings."""
        environment = {**self.variables, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
            self.run("0:0", "/", environment, "apt-get", "-qq", *words, quiet=True)
        for path in self.copied:  # Debian's package of certificates has just written its own over them
            take_along(path, self.folder)
        user = ("--uid", USER.partition(":")[0], "--create-home", "--home-dir", HOME, "user")
        self.run("0:0", "/", {}, "useradd", *user)
        home = self.folder / HOME.lstrip("/")
        copy_tree(home / "gaq")
        conf = home / ".config" / "pip" / "pip.conf"
        conf.parent.mkdir(parents=True)
        conf.touch(mode=0o600)
        conf.write_text(pip_conf(self.pip))
        self.run("0:0", "/", {}, "chown", "--recursive", USER, HOME)

    def describe(self) -> None:
        """Print which Debian, Python and compiler the proof is about."""
        for command in ("cat /etc/debian_version", "python3 --version", "g++ -dumpfullversion"):
            self.run_as_user(*command.split(), folder=HOME)

    def run_as_user(self, *command: str, folder: str = f"{HOME}/gaq") -> None:
        """Run a command as the user, with nothing of this machine's environment but certificates and proxies."""
        self.run(USER, folder, {**self.variables, "HOME": HOME, "USER": "user", "PIP_NO_CACHE_DIR": "1"}, *command)

    def run(self, user: str, folder: str, variables: dict[str, str], *command: str, quiet: bool = False) -> None:
        """Run a command in the root, its mounts and processes in namespaces that end with it."""
        inside = ["env", "-i", f"--chdir={folder}", f"PATH={PATH}", *(f"{k}={v}" for k, v in variables.items())]
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        whole = [*apart, "sh", str(ENTER), str(self.folder), user, *inside, *command]
        subprocess.run(whole, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL if quiet else None)


def apt_sources() -> list[tuple[str, str]]:
    """Return address and code name of each source that apt is set to here, the main ones first; empty without apt."""
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    try:
        listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [(address, suite) for address, _, suite in (line.partition(" ") for line in listed.splitlines())]


def os_release() -> dict[str, str]:
    """Return what a Debian says about itself; nothing on another distribution."""
    file = Path("/etc/os-release")
    lines = file.read_text().splitlines() if file.exists() else []
    found = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
    return found if found.get("ID") == "debian" else {}


def take_along(path: Path, root: Path) -> None:
    """Copy a file or folder of this machine to its own place in `root`; one that is not there is left out."""
    target = root / path.relative_to("/")
    if path.is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True, ignore_dangling_symlinks=True, copy_function=replace_file)
    elif path.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, target)


def replace_file(source: str | Path, target: str | Path) -> None:
    """Copy a file. A link in its place goes first: an absolute one leads out of the root, to this machine's files."""
    Path(target).unlink(missing_ok=True)
    shutil.copy2(source, target)


def remove(place: Path) -> None:
    """Remove the folder of a root, unless something is still mounted in it."""
    mounts = [line.split()[1] for line in MOUNTS.read_text().splitlines()]
    if inside := [mount for mount in mounts if Path(mount).is_relative_to(place)]:
        raise NotPossible(f"{place} is not removed: {', '.join(inside)} is still mounted. Unmount it first: umount")
    shutil.rmtree(place, ignore_errors=False) if place.exists() else None
