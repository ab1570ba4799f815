"""One link for two readers: files of the repository, and pages of the site.

Markdown here links to files, so that a hosting site shows them. On the way into Sphinx such a link
becomes one to the page that the site has of that file, or plain text where it has none.
"""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parents[1]
# Pages that are files elsewhere in the repository
SHOWN = {
    "architecture": ROOT / "ARCHITECTURE.md",
    "changelog": ROOT / "CHANGELOG.md",
    "contributing": ROOT / "CONTRIBUTING.md",
    "benchmarks": ROOT / "tools" / "bench" / "README.md",
    "datasets": ROOT / "datasets" / "README.md",
}
FENCE = re.compile(r"^(```|:::).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")


def setup(app):
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def read(app, docname, source):
    """Put in the file that a page shows, and point its links to pages."""
    path = Path(app.env.doc2path(docname))
    if docname in SHOWN:
        path = SHOWN[docname]
        app.env.note_dependency(str(path))
        source[0] = path.read_text()
    if path.suffix == ".md":
        source[0] = outside_fences(source[0], lambda text: LINK.sub(relink(path), text))


def outside_fences(text, change):
    """Change what is not in a fenced block."""
    pieces, last = [], 0
    for fence in FENCE.finditer(text):
        pieces += [change(text[last : fence.start()]), fence[0]]
        last = fence.end()
    return "".join([*pieces, change(text[last:])])


def relink(page):
    """Return what to put for a link of a page."""

    def replace(match):
        label, target = match.groups()
        address, _, anchor = target.partition("#")
        if ":" in address or not address:
            return match[0]
        found = (page.parent / address).resolve()
        name = page_of(found)
        if name is not None:
            return f"[{label}](/{name}{'#' if anchor else ''}{anchor})"
        if found.is_relative_to(DOCS) or not found.exists():
            return match[0]  # Sphinx looks for it, and complains where it is not there
        return label

    return replace


def page_of(path):
    """Return the page of a file, as the site names its source; None if it has none."""
    for name, shown in SHOWN.items():
        if path in (shown, shown.parent) and path != ROOT:
            return f"{name}.md"
    if path == ROOT / "README.md":
        return "index.md"
    if path.parent == ROOT / "examples" and path.suffix == ".py" and path.exists():
        return f"generated/gallery/{path.stem}.rst"
    if path in (ROOT / "examples", ROOT / "examples" / "README.md"):
        return "generated/gallery/index.rst"
    if path.parent == DOCS / "tutorial" and path.suffix == ".py" and path.exists():
        return f"generated/tutorial/{path.stem}.rst"
    if path == DOCS / "tutorial":
        return "generated/tutorial/index.rst"
    if path.is_relative_to(DOCS) and (path / "README.md").exists():
        path = path / "README.md"
    if path.is_relative_to(DOCS) and path.suffix == ".md" and path.exists():
        return str(path.relative_to(DOCS))
    return None
