"""The settings with which pip and apt reach packages on this machine, so that a bare root reaches them too.

Nothing here names an index: what the machine is set to is read and taken along. It may hold passwords, so it is
written to files in the root and never printed.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

# Settings of pip about this machine's folders, not about where packages come from.
LOCAL = {
    "cache-dir",
    "log",
    "log-file",
    "no-cache-dir",
    "prefix",
    "require-virtualenv",
    "root",
    "src",
    "target",
    "user",
}
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = tuple(f"{scheme}_proxy" for scheme in ("http", "https", "ftp", "all", "no"))


def pip_settings() -> dict[str, dict[str, str]]:
    """Return what `pip config list` finds in files and in variables: values by option, by section."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return parsed(listed)


def parsed(listed: str) -> dict[str, dict[str, str]]:
    """Return the lines of `pip config list`, such as global.find-links='a', with variables over files."""
    sections: dict[str, dict[str, str]] = {}
    variables: dict[str, str] = {}
    for line in listed.splitlines():
        found = re.fullmatch(r"""(:env:|[\w-]+)\.([\w.-]+)=('.*'|".*")""", line)
        if found and found.group(2) not in LOCAL:
            section, option, value = found.group(1), found.group(2), ast.literal_eval(found.group(3))
            (variables if section == ":env:" else sections.setdefault(section, {}))[option] = value
    if variables:
        sections["global"] = sections.get("global", {}) | variables
    return sections


def pip_conf(sections: dict[str, dict[str, str]]) -> str:
    """Return the text of a pip.conf; further lines of a value are indented, as configparser wants them."""
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{option} = " + "\n  ".join(value.strip().split("\n")) for option, value in options.items()]
    return "\n".join(lines) + "\n"


def variables() -> dict[str, str]:
    """Return the variables that say where certificates and proxies are."""
    names = [*CERTIFICATES, *PROXIES, *map(str.upper, PROXIES)]
    return {name: os.environ[name] for name in names if name in os.environ}


def named_paths(texts: list[str]) -> list[Path]:
    """Return the files and folders of this machine that settings name, as paths or as file:// addresses.

    The pages of an index refer to files beside its folder, so for an index the folder above it is returned.
    """
    found: dict[Path, None] = {}
    for word in (word for text in texts for word in text.split()):
        address = urlparse(word)
        path = Path(unquote(address.path))
        if address.scheme == "file":
            path = path.parent if path.name == "simple" else path
        elif address.scheme:
            continue
        if path.is_absolute() and path.exists() and len(path.parts) > 2:
            found[path] = None
    return list(found)
