"""The reference: names in groups, as people look for them, from reference.toml.

A name of `visnmf.__all__` that no group lists is an error, so that none is forgotten. What a module
such as `visnmf.plots` offers is listed by itself.
"""

import sys
import tomllib
import types
from pathlib import Path

import visnmf

DOCS = Path(__file__).parents[1]
TABLE = DOCS / "reference.toml"
PAGES = DOCS / "generated" / "reference"


def setup(app):
    app.connect("config-inited", write)  # before Sphinx looks for pages
    app.connect("autodoc-skip-member", is_of_sklearn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def read_groups():
    """Return the groups of the table: title, text, names and modules of each."""
    return tomllib.loads(TABLE.read_text())["group"]


def misplaced(groups):
    """Return the names that no group lists or two do, and those that visnmf does not have."""
    listed = [name for group in groups for name in (*group["names"], *group["modules"])]
    public = set(visnmf.__all__)
    twice = {name for name in listed if listed.count(name) > 1}
    return sorted((public ^ set(listed)) | twice)


def is_of_sklearn(app, what, name, value, skip, options):
    """Leave out what estimators inherit: scikit-learn tells it."""
    return True if str(getattr(value, "__module__", "")).startswith("sklearn.") else None


def write(app, config):
    groups = read_groups()
    wrong = misplaced(groups)
    if wrong:
        raise ValueError(
            f"{TABLE.name} must list every name of visnmf.__all__ once; look at {', '.join(wrong)}"
        )
    PAGES.mkdir(parents=True, exist_ok=True)
    for group in groups:
        page = heading(group["title"], "=") + group["text"].strip() + "\n\n"
        page += listing("visnmf", group["names"])
        for module in group["modules"]:
            page += of_module(module)
        keep(PAGES / f"{group['page']}.rst", page)
    forget(PAGES, {"index", *(group["page"] for group in groups)})
    listed = "".join(path.read_text() for path in PAGES.glob("*.rst")).split()
    forget(PAGES.parent / "api", listed, lambda page: page.rpartition(".")[2])
    pages = "".join(f"   {group['page']}\n" for group in groups)
    index = heading("Reference", "=") + INTRODUCTION
    keep(PAGES / "index.rst", f"{index}.. toctree::\n   :maxdepth: 2\n\n{pages}   /cli\n")


INTRODUCTION = """\
Everything public, as people look for it. A picture is a column of V; V (m x n) = W H + U, where W
(m x rank) holds the parts and H (rank x n) how much of each part a picture takes. Options are given
by keyword. All errors derive from :class:`visnmf.errors.VisnmfError`.

"""


def of_module(name):
    """Return the section of a module: its words, and what it offers that is not at the top."""
    module = sys.modules[f"visnmf.{name}"] = getattr(visnmf, name)  # as users name it
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    at_top = {id(getattr(visnmf, top)) for top in visnmf.__all__}
    values = {inner: getattr(module, inner) for inner in names}
    own = [
        inner
        for inner, value in values.items()
        if id(value) not in at_top and not isinstance(value, types.ModuleType)
    ]
    return (
        heading(f"visnmf.{name}", "-")
        + f".. automodule:: visnmf.{name}\n   :no-members:\n\n"
        + listing(f"visnmf.{name}", own)
    )


def listing(module, names):
    """Return an autosummary table; each name gets a page."""
    if not names:
        return ""
    lines = "".join(f"   {name}\n" for name in names)
    options = "   :toctree: ../api\n   :nosignatures:\n"
    return f".. currentmodule:: {module}\n\n.. autosummary::\n{options}\n{lines}\n"


def heading(title, line):
    return f"{title}\n{line * len(title)}\n\n"


def forget(folder, names, name_of=str):
    """Delete pages, written once before, of what is no more."""
    for page in folder.glob("*.rst"):
        if name_of(page.stem) not in names:
            page.unlink()


def keep(path, text):
    """Write what changed only, so that Sphinx need not read the rest again."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
