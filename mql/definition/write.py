"""Puts the document together and writes it as HTML and Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mql.definition.agreement import agreement
from mql.definition.annexes import annexes
from mql.definition.changes import changes
from mql.definition.document import Document, Paragraph, Section, Table
from mql.definition.read import Definition, read_definitions, read_names
from mql.definition.words import MARK, Names, listed, moment, sentence
from mql.project import ProjectError

TEMPLATES = [
    Path(__file__).parent / "templates",
    # what all pages share
    Path(__file__).parents[1] / "templates",
]
FORMATS = ("html", "md")


def write_documents(root: Path, folder: Path, only: str | None = None) -> list[Path]:
    """Writes `<definition_id>.html` and `.md` for each definition of a project.

    root: the project's folder; folder: where to write, made if needed; only: one
    definition instead of all. Returns the files. Raises ProjectError, before anything
    is written, for seeds that cannot be read and for an unknown definition.
    """
    definitions = read_definitions(root)
    names = Names(read_names(root))
    known = [definition.definition_id for definition in definitions]
    if only is not None and only not in known:
        raise ProjectError(
            f"There is no definition {only!r}; there is {listed(known)}."
        )
    texts = {}
    for definition in definitions:
        if only is None or definition.definition_id == only:
            made = document(definition, names)
            for kind in FORMATS:
                texts[folder / f"{made.definition_id}.{kind}"] = render(made, kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ProjectError(f"The documents cannot be written: {error}.") from error
    return list(texts)


def document(definition: Definition, names: Names) -> Document:
    """The document of one definition."""
    name = definition.definition_id
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ProjectError(
            f"The definition_id {name!r} cannot be the name of a file: use letters,"
            " digits, '-', '_' and '.'."
        )
    row = definition.row
    facts = [
        ("Definition", name),
        ("Status", status(definition)),
        ("Approved", approval(definition)),
        ("Next full review", moment(row.time("review_due_on"))),
        ("Hash", definition.hash[:12]),
    ]
    summary = (
        "What marketing hands to sales as a marketing qualified lead (MQL), and what"
        f" sales does with it. Figures marked {MARK} rest on an assumption of ours; the"
        " last annex gives each with its reason."
    )
    sections = [
        *agreement(definition, names),
        changes(definition, names),
        sign_off(definition),
        *annexes(definition, names),
    ]
    return Document(name, row["title"], summary, facts, definition.hash, sections)


def status(definition: Definition) -> str:
    """Official from when, or proposed, and what follows from it."""
    if definition.official_from is None:
        return "Proposed: scored beside the official definition, hands nothing to sales"
    start = moment(definition.official_from)
    if definition.official_until is None:
        return f"Official from {start}"
    return f"Official from {start} until {moment(definition.official_until)}"


def approval(definition: Definition) -> str:
    """Who approved it and when; who has not yet."""
    row = definition.row
    sides = {"marketing": "approved_by_marketing", "sales": "approved_by_sales"}
    signed = [row[column] for column in sides.values() if row[column]]
    missing = [side for side, column in sides.items() if not row[column]]
    day = row.time("approved_on")
    parts = []
    if signed:
        parts.append(f"by {listed(signed)}" + (f" on {moment(day)}" if day else ""))
    if missing:
        parts.append(f"not yet by {listed(missing)}")
    return sentence("; ".join(parts))


def sign_off(definition: Definition) -> Section:
    """Lines to sign; who approved stands on them already."""
    row = definition.row
    day = moment(row.time("approved_on"), "")
    rows = []
    for side in ("Marketing", "Sales"):
        who = row[f"approved_by_{side.lower()}"]
        rows.append([f"For {side.lower()}", who, day if who else "", ""])
    blocks = [
        Paragraph(
            f"Signed for definition {definition.definition_id} with the hash"
            f" {definition.hash}, which changes with any cell of any rule."
        ),
        Table(["", "Name", "Date", "Signature"], rows),
    ]
    return Section("sign-off", "Sign-off", blocks)


def render(made: Document, kind: str) -> str:
    """The document as text. kind: `html` or `md`."""
    is_html = kind == "html"
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=is_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["text"] = html_text if is_html else markdown_text
    return environment.get_template(f"definition.{kind}.jinja").render(
        document=made, letters="ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    )


def html_text(text: str) -> Markup:
    """Escaped text with the mark of assumptions made visible."""
    mark = '<abbr class="assumption" title="assumption">' + MARK + "</abbr>"
    return Markup(str(escape(text)).replace(f" {MARK}", f"\u00a0{mark}"))


def markdown_text(text: str) -> str:
    """Text on one line, with whatever Markdown or a table would read as markup."""
    return re.sub(r"([\\`*_<>\[\]|#&])", r"\\\1", " ".join(text.split()))
