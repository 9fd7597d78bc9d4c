"""What a page takes into itself: text that is escaped, data in a script element, libraries and our own files."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from typing import Any

# In JSON these stand in strings alone, where an escape means the same; in HTML they could end the element, and two of
# them end a line of JavaScript.
DANGEROUS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def safe(text: object) -> str:
    """Return text for HTML, also within quotes."""
    return html.escape(str(text), quote=True)


def data_script(key: str, content: Any) -> str:
    """Return data as JSON in an element that is never run. NaN is refused: JSON has none."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in DANGEROUS.items():
        text = text.replace(character, escape)
    return f"<script type='application/json' id='{safe(key)}'>{text}</script>"


def code_script(code: str) -> str:
    """JavaScript of a library or our own; what would end the element is written otherwise, which means the same in
    strings and patterns.
    """
    return (
        f"<script>{code.replace('</script', '<' + chr(92) + '/script').replace('<!--', '<' + chr(92) + '!--')}</script>"
    )


def own(name: str) -> str:
    """Return a file of ours that stands beside this one: page.css, page.js."""
    return files("gaq.report").joinpath(name).read_text(encoding="utf-8")
