"""The page: the files of `assets/` and the data, put together in one HTML file."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from typing import Any

__all__ = ["SCRIPTS", "page_of"]

SCRIPTS = (
    "dom.js",
    "data.js",
    "paint.js",
    "sheets.js",
    "fit.js",
    "edits.js",
    "easel.js",
    "recipe.js",
    "charts.js",
    "card.js",
    "gallery.js",
    "details.js",
    "pictures.js",
    "map.js",
    "zoom.js",
    "keys.js",
    "main.js",
)
"""In the order in which they are joined: each uses what is above it."""


def page_of(title: str, document: dict[str, Any]) -> bytes:
    """Return the HTML file that shows a document.

    Nothing in the document can become markup or run: it is JSON without "<", and what it holds
    is put in place as text. The page forbids itself everything but its own script and style,
    told by their digests, and pictures that it holds itself.
    """
    style = _asset("style.css")
    script = "(() => {\n'use strict';\n" + "\n".join(map(_asset, SCRIPTS)) + "})();\n"
    data = json.dumps(document, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    pieces = {
        "policy": html.escape(policy, quote=True).replace("&#x27;", "'"),
        "title": html.escape(title),
        "style": style,
        "data": data,
        "script": script,
    }
    # One pass: what is put in is not looked at again
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: pieces[found[1]], _asset("page.html"))
    return page.encode("utf-8", errors="replace")  # names of files may be no text at all


def _asset(name: str) -> str:
    return files("visnmf.report").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    """Return what a content security policy calls the content."""
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")
