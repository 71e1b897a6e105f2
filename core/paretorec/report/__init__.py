"""The report of a run: one HTML file, made from the run folder's JSON files alone."""

from paretorec.report.page import write_report
from paretorec.report.picture import front_svg

__all__ = ["front_svg", "write_report"]
