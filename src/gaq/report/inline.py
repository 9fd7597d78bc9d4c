"""Content embedded in a page: escaped text, data in a script element, libraries and own files."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from typing import Any

# These characters occur only in JSON strings, where an escape is equivalent; in HTML they could end the element, and
# two of them end a line of JavaScript.
DANGEROUS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def safe(text: object) -> str:
    """Escape text for HTML, also within quotes."""
    return html.escape(str(text), quote=True)


def data_script(key: str, content: Any) -> str:
    """Return data as JSON in an element that is never executed. Raises for NaN, which JSON lacks."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in DANGEROUS.items():
        text = text.replace(character, escape)
    return f"<script type='application/json' id='{safe(key)}'>{text}</script>"


def code_script(code: str) -> str:
    """Return JavaScript in a script element; sequences that would end the element are escaped equivalently for strings
    and
    patterns.
    """
    return (
        f"<script>{code.replace('</script', '<' + chr(92) + '/script').replace('<!--', '<' + chr(92) + '!--')}</script>"
    )


def own(name: str) -> str:
    """Return the content of a file in this folder: page.css, page.js."""
    return files("gaq.report").joinpath(name).read_text(encoding="utf-8")
