"""The report of a run: one HTML file, made from the run folder's JSON files alone."""

from paretorec.report.page import write_report
from paretorec.report.picture import front_svg
from paretorec.report.rows import front_table

__all__ = ["front_svg", "front_table", "write_report"]
