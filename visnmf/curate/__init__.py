"""Curating parts: what a person makes of what was learned, and files of parts."""

from visnmf.curate.choices import Choice
from visnmf.curate.edit import Edited, edit_parts
from visnmf.curate.export import export_parts
from visnmf.curate.selection import Selection

__all__ = ["Choice", "Edited", "Selection", "edit_parts", "export_parts"]
