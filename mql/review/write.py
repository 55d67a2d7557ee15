"""Puts the review together and writes it as one HTML file."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mql.project import ProjectError
from mql.review.page import alarms, alert_table, cards, period
from mql.review.read import read_marts
from mql.review.results import alert_history
from mql.review.sections import sections
from mql.review.words import month_name

TEMPLATES = [
    Path(__file__).parent / "templates",
    # what all pages share
    Path(__file__).parents[1] / "templates",
]
FILE_NAME = "review.html"


def write_review(warehouse: Path, folder: Path) -> Path:
    """Writes the review of the last complete month as `review.html`.

    warehouse: a DuckDB file with the public marts; folder: where to write, made if
    needed. Returns the file. Raises ProjectError, before anything is written, where the
    marts cannot be read.
    """
    page = render(warehouse)
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ProjectError(f"The review cannot be written: {error}.") from error
    return file


def render(warehouse: Path) -> str:
    """The page as text."""
    marts = read_marts(warehouse)
    months = period(marts)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("review.html.jinja")
    if months is None:
        return template.render(month=None)
    return template.render(
        month=month_name(months.reviewed["month"]),
        as_of=f"{months.as_of:%d %B %Y, %H:%M} UTC",
        alarms=alarms(marts, months),
        alert_table=alert_table(marts, months),
        alert_history=alert_history(marts, months),
        cards=cards(marts, months),
        sections=sections(marts, months),
    )
