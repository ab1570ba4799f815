"""The command line, `visnmf`: thin over the library, one file a command.

Nothing here imports NumPy before a command runs, so that ``visnmf --help`` is instant.
"""

from visnmf.cli.app import main

__all__ = ["main"]
