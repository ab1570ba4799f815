"""Pictures of the examples and of the tutorial, for sphinx-gallery and for other pages.

An example writes PNG files into a folder that it is given; a block of the tutorial leaves figures
that belong to nobody (not to pyplot). Both are kept here, in place of pyplot's.
"""

import shutil
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Parser, directives
from docutils.utils import new_document
from matplotlib.figure import Figure
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).parents[1]
EXAMPLES = DOCS.parents[1] / "examples"
OUTPUT = EXAMPLES / "output"
log = logging.getLogger(__name__)


def setup(app):
    app.add_config_value("site_runs", "all", "env")
    app.add_directive("example-picture", ExamplePicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Arguments:
    """The arguments of an example: the folder to write into, as it prints it, emptied."""

    def __call__(self, gallery_conf, script_vars):
        script = Path(script_vars["src_file"])
        script_vars["example_globals"]["__file__"] = str(script)  # sphinx-gallery has none
        if script.parent != EXAMPLES:
            return []
        for picture in (OUTPUT / script.stem).glob("*.png"):
            picture.unlink()
        return [f"output/{script.stem}"]

    def __repr__(self):
        return "Arguments"  # part of what sphinx-gallery caches by


class Scraper:
    """What a block of code drew: figures among its values, PNG files of an example."""

    def __call__(self, block, block_vars, gallery_conf):
        shown = []
        for value in list(block_vars["example_globals"].values()):
            if isinstance(value, Figure) and not hasattr(value, "shown_by_site"):
                value.shown_by_site = True
                shown.append((Path(next(block_vars["image_path_iterator"])), ""))
                value.savefig(shown[-1][0], dpi=130)
        script = Path(block_vars["src_file"])
        if script.parent == EXAMPLES:
            for picture in sorted((OUTPUT / script.stem).glob("*.png"), key=written):
                shown.append((Path(next(block_vars["image_path_iterator"])), picture.name))
                shutil.copyfile(picture, shown[-1][0])
        source = Path(gallery_conf["src_dir"])
        return "".join(figure(path.relative_to(source), name) for path, name in shown)

    def __repr__(self):
        return "Scraper"


def written(path):
    return path.stat().st_mtime_ns


def figure(path, caption):
    """Return a figure in reST."""
    alt = caption.removesuffix(".png").replace("_", " ") or "what the code above draws"
    lines = [f".. figure:: /{path.as_posix()}", f"   :alt: {alt}", "   :class: sphx-glr-single-img"]
    return "\n".join(["", *lines, "", f"   {caption}" if caption else "", "", ""])


class ExamplePicture(SphinxDirective):
    """A picture that an example drew: `NAME/PICTURE.png`; its content is the caption."""

    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required}
    has_content = True

    def run(self):
        name = self.arguments[0]
        example, picture = name.split("/")
        caption = " ".join(self.content)
        link = f":doc:`/generated/gallery/{example}`"
        if not (OUTPUT / name).is_file():
            if self.config.site_runs == "all":
                log.warning("no example drew %s", name, location=self.get_location())
            return self.parse_rest(f"{caption} Drawn by: {link}.")
        self.env.note_dependency(str(OUTPUT / name))
        kept = DOCS / "generated" / "pictures" / example / picture
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(OUTPUT / name, kept)
        lines = [
            f".. figure:: /{kept.relative_to(DOCS).as_posix()}",
            f"   :alt: {self.options.get('alt', caption)}",
            "",
            f"   {caption} From: {link}.",
        ]
        return self.parse_rest("\n".join(lines))

    def parse_rest(self, text):
        """Parse reST, in whatever language the page is."""
        document = new_document(self.get_source_info()[0], self.state.document.settings)
        Parser().parse(text, document)
        holder = nodes.container()
        holder += document.children
        return holder.children
