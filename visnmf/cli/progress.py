"""The line that tells how a fit goes, as commands know it."""

from visnmf.solve.progress_line import describe, short_time
from visnmf.solve.progress_line import show_progress as fit_progress

__all__ = ["describe", "fit_progress", "short_time"]
