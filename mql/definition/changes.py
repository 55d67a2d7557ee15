"""What changed from one definition to the next, row by row, in words."""

from __future__ import annotations

from collections.abc import Sequence

from mql.definition.annexes import SEED_TITLES
from mql.definition.document import Paragraph, Section, Table
from mql.definition.read import KEYS, Definition, Row
from mql.definition.words import NOT_ASKED, Names, plain, sentence, value

COLUMN_WORDS = {
    "is_engagement": "counts as engagement",
    "is_direct_request": "is a direct request",
    "is_disqualifying": "suppresses",
    "is_opt_in": "ends a suppression",
    "score_once_per_asset": "scores once per asset",
    "max_scored_per_day": "scored a day at most",
    "until_profile_change": "held until the profile changes",
    "url_pattern": "address",
    "rep_id": "rep",
    "rationale": "reason",
}


def changes(definition: Definition, names: Names) -> Section:
    """The change log: every row of every seed against the definition before."""
    title = "What changed"
    if definition.base is None:
        first = Paragraph("This is the first official definition: none came before it.")
        return Section("changes", title, [first])
    base = definition.base
    rows = [
        [where(seed, changed, names), *change]
        for seed in [*KEYS, *sorted(definition.rules.keys() - KEYS.keys())]
        for change, changed in differences(
            base.rules[seed], definition.rules[seed], names
        ).items()
    ]
    against = (
        f"Against {base.row['title']} ({base.definition_id}, hash {base.hash[:12]})"
    )
    if not rows:
        return Section("changes", title, [Paragraph(f"{against}: nothing.")])
    blocks = [
        Paragraph(f"{against}, every row of every seed compared:"),
        Table(["Rule", "What", "Before", "Now"], rows),
    ]
    return Section("changes", title, blocks)


def where(seed: str, rows: Sequence[Row], names: Names) -> str:
    """ "Engagement points: Email open"."""
    title = SEED_TITLES.get(seed, sentence(plain(seed)))
    return title if seed == "definitions" else f"{title}: {names.labels(rows)}"


def differences(
    before: Sequence[Row], after: Sequence[Row], names: Names
) -> dict[tuple[str, str, str], list[Row]]:
    """What differs, before and now -> the rows it is so for."""
    old = {key(row): row for row in before}
    new = {key(row): row for row in after}
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in after:
        if key(row) not in old:
            change = ("added", NOT_ASKED, contents(row, names))
            found.setdefault(change, []).append(row)
            continue
        for change in changed_cells(old[key(row)], row, names):
            found.setdefault(change, []).append(row)
    for row in before:
        if key(row) not in new:
            change = ("removed", contents(row, names), NOT_ASKED)
            found.setdefault(change, []).append(row)
    return found


def key(row: Row) -> tuple[str, ...]:
    """The cells by which rows of two definitions are the same rule."""
    columns = KEYS.get(row.seed)
    if columns is None:
        columns = [column for column in row.cells if column != "definition_id"]
    return tuple(row[column] for column in columns)


def contents(row: Row, names: Names) -> str:
    """What a row says besides its key and its reason."""
    said = [
        f"{words(column)} {value(row, column, names)}"
        for column in row.cells
        if column not in ("definition_id", "rationale", *KEYS.get(row.seed, ()))
        and row[column]
        and row[column].lower() != "false"
    ]
    return ", ".join(said) or "listed"


def changed_cells(old: Row, new: Row, names: Names) -> list[tuple[str, str, str]]:
    """The cells that differ: what, before, now."""
    differing = [
        column
        for column in new.cells
        if column != "definition_id" and old[column] != new[column]
    ]
    return [
        # both reasons are in their definition's annex; here they would drown the rest
        ("reason", NOT_ASKED, "reworded")
        if column == "rationale"
        else (words(column), value(old, column, names), value(new, column, names))
        for column in differing
    ]


def words(column: str) -> str:
    return COLUMN_WORDS.get(column, plain(column))
