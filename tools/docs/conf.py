"""How Sphinx makes the site of visnmf; `tools/site` runs it."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS), str(DOCS.parents[1])]

from pygments.lexers.special import TextLexer  # noqa: E402
from site_extensions.gallery import Arguments, Scraper  # noqa: E402

import visnmf  # noqa: E402

project = "visnmf"
author = "The visnmf developers"
copyright = author
release = version = visnmf.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "site_extensions.gallery",
    "site_extensions.links",
    "site_extensions.mathml",
    "site_extensions.plain_text",
    "site_extensions.reference",
]
exclude_patterns = [
    "tutorial",  # its pages are in generated/
    "generated/**/*.py",
    "generated/**/*.ipynb",
]
suppress_warnings = ["config.cache"]  # what sphinx-gallery is told holds objects
root_doc = "index"
highlight_language = "none"  # what is not said to be a language is a command
smartquotes = False  # they would make one dash of two

# Markdown
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3

# Docstrings
default_role = "py:obj"
autodoc_typehints = "none"  # numpydoc tells types and shapes
autosummary_generate = True
autosummary_imported_members = True
numpydoc_show_class_members = False
templates_path = ["_templates"]
add_module_names = False
toc_object_entries_show_parents = "hide"

# Examples and the tutorial; "tutorial" runs only the latter
site_runs = os.environ.get("SITE_RUNS", "all")
sphinx_gallery_conf = {
    "examples_dirs": ["tutorial", "../../examples"],
    "gallery_dirs": ["generated/tutorial", "generated/gallery"],
    "filename_pattern": "tutorial/" if site_runs == "tutorial" else r"\.py",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("visnmf",),
    "prefer_full_module": {r"visnmf\..*"},
    "image_scrapers": (Scraper(),),
    "reset_argv": Arguments(),
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": r"Figure",
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "remove_config_comments": True,
}

# How it looks
html_theme = "pydata_sphinx_theme"
html_title = f"visnmf {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "visnmf"},
    "navbar_align": "left",
    "show_prev_next": True,
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
html_sidebars = {"index": [], "compare": [], "changelog": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app):
    """Show dumps of bytes as they are."""
    app.add_lexer("hex", TextLexer)
