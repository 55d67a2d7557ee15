"""The definition document: sections of plain text blocks, before any markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mql.definition.read import Definition, Row


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str
    kind = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: Sequence[str]
    kind = "bullets"


@dataclass(frozen=True)
class Table:
    """A table: names of the columns, rows of cells.

    numeric: the columns, counted from 0, that hold one figure each.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[int] = ()
    kind = "table"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind = "heading"


Block = Paragraph | Bullets | Table | Heading


@dataclass(frozen=True)
class Section:
    """A part of the document.

    key: its name in links; title: its heading; is_annex: whether it stands behind the
    signatures, to look things up.
    """

    key: str
    title: str
    blocks: Sequence[Block]
    is_annex: bool = False


@dataclass(frozen=True)
class Document:
    """Everything the page shows, as text.

    facts: pairs of a name and what it says, for the head of the page.
    hash: all 64 digits of the definition's hash.
    """

    definition_id: str
    title: str
    summary: str
    facts: Sequence[tuple[str, str]]
    hash: str
    sections: Sequence[Section]


def product_lines(definition: Definition) -> list[str]:
    """The product lines, in the order of the seed."""
    return [row["product_line"] for row in definition.rules["qualification_criteria"]]


def grouped(
    rows: Sequence[Row], key: Callable[[Row], tuple]
) -> Mapping[tuple, list[Row]]:
    """Rows by a key, in the order in which the keys first occur."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
