"""The explorer: a model and pictures as one HTML file that opens in any browser."""

from visnmf.report.save import save_report

__all__ = ["save_report"]
