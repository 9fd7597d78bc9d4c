"""YAML from outside, as other programs write their settings: plain data, bounded, nothing executed."""

from __future__ import annotations

import os
from typing import Any

from gaq.errors import BadFile
from gaq.formats.texts import LONGEST_TOML, check_plain, content_of


def read_yaml(path: str | os.PathLike[str], way_out: str) -> Any:
    """Return what a file of YAML says: objects, lists, texts and numbers.

    Raises `BadFile` for anything else: tags of Python objects, references from one place to another (with which a
    short file describes a huge one), deep nesting, or more than 1 MiB. Needs the package PyYAML.
    """
    import yaml

    text = content_of(path, LONGEST_TOML)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ValueError("it refers from one place to another")
        value = yaml.safe_load(text)
        check_plain(value)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200] or "it is nested too deep"
        raise BadFile(f"{path} is not YAML of plain data ({reason}). {way_out}") from None
    return value
