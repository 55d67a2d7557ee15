"""How codes, figures and rows of the seeds read in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from mql.definition.read import ALL_LINES, KEYS, VOCABULARIES, Row, distinct

# Stands behind whatever rests on an assumption.
MARK = "\u2020"
NOT_ASKED = "\u2013"
ABBREVIATIONS = {"asc": "ASC", "mql": "MQL", "mqls": "MQLs", "sla": "SLA"}


class Names:
    """What people call the codes of the seeds.

    vocabulary: (column, code) -> name, as `read_names` gives it.
    """

    def __init__(self, vocabulary: Mapping[tuple[str, str], str]):
        self.vocabulary = vocabulary

    def name(self, column: str, code: str) -> str:
        """The name of one code; a code without a name reads without its underscores."""
        if code == ALL_LINES:
            return "all lines" if column == "product_line" else "any"
        return self.vocabulary.get((column, code)) or plain(code)

    def label(self, row: Row) -> str:
        """What the row is about, by its key: "Email open", "Nurse (consumable)"."""
        if row.seed not in KEYS:
            return plain(row.seed)
        if row.seed == "definitions":
            return "The definition"
        if row.seed in ("routing_rules", "page_rules"):
            return f"Rule {row['priority']}"
        if row.seed == "geographies":
            return places([row])
        # what the row is about comes first, the line it holds for in brackets
        about = [column for column in KEYS[row.seed] if column != "product_line"]
        line = row.cells.get("product_line", ALL_LINES).strip()
        if not about:
            return sentence(self.name("product_line", line))
        text = sentence(" ".join(self.name(column, row[column]) for column in about))
        return text if line == ALL_LINES else f"{text} ({plain(line)})"

    def labels(self, rows: Sequence[Row]) -> str:
        """What several rows of one seed are about; rules by their numbers."""
        seed = rows[0].seed
        if seed in ("routing_rules", "page_rules") and len(rows) > 1:
            return f"Rules {numbers(row.number('priority') for row in rows)}"
        if seed == "geographies":
            return places(rows)
        if "product_line" in KEYS.get(seed, ()) and len(KEYS[seed]) > 1:
            return self.labels_by_line(rows)
        return ", ".join(self.label(row) for row in rows)

    def labels_by_line(self, rows: Sequence[Row]) -> str:
        """Labels with each product line once, not behind every name."""
        (about,) = (column for column in KEYS[rows[0].seed] if column != "product_line")
        by_line: dict[str, list[str]] = {}
        for row in rows:
            said = by_line.setdefault(row["product_line"], [])
            said.append(sentence(self.name(about, row[about])))
        by_names: dict[tuple[str, ...], list[str]] = {}
        for line, said in by_line.items():
            by_names.setdefault(tuple(said), []).append(line)
        return "; ".join(
            ", ".join(said)
            + ("" if lines == [ALL_LINES] else f" ({listed(map(plain, lines))})")
            for said, lines in by_names.items()
        )

    def lines(self, lines: Iterable[str], every_line: Sequence[str]) -> str:
        """Product lines in words; "all lines" where none is left out."""
        lines = distinct(lines)
        if ALL_LINES in lines or set(every_line) <= set(lines):
            return "all lines"
        return listed(plain(line) for line in lines)


def plain(code: str) -> str:
    """A code in words: `high_intent_page_view` is "high intent page view"."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in code.split("_"))


def sentence(text: str) -> str:
    """The text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def listed(items: Iterable[str], last: str = "and") -> str:
    """ "a, b and c"."""
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def figure(number: Decimal | None, blank: str = NOT_ASKED) -> str:
    """A number without trailing zeros, with a true minus sign."""
    if number is None:
        return blank
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "\u2212")


def percent(number: Decimal | None) -> str:
    """A share as a percentage."""
    return NOT_ASKED if number is None else f"{figure(number * 100)}%"


def counted(number: Decimal | None, unit: str) -> str:
    """ "1 day", "30 days"."""
    return f"{figure(number)} {unit}{'' if number == 1 else 's'}"


def ordinal(number: Decimal | None) -> str:
    """ "1st", "3rd", "11th"."""
    text = figure(number)
    teen = text[-2:] in ("11", "12", "13")
    return text + (
        "th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(text[-1], "th")
    )


def moment(time: datetime | None, blank: str = NOT_ASKED) -> str:
    """A time as text: only the date where it is midnight, else with "UTC"."""
    if time is None:
        return blank
    if time == datetime(time.year, time.month, time.day):
        return f"{time:%Y-%m-%d}"
    return f"{time.isoformat(sep=' ')} UTC"


def numbers(values: Iterable[Decimal | None]) -> str:
    """Whole numbers in few words: "3, 7", "10\u201314", "10\u201360 in steps of 10"."""
    rest = sorted(value for value in values if value is not None)
    parts = []
    while rest:
        step = rest[1] - rest[0] if len(rest) > 1 else Decimal(1)
        run = 1
        while run < len(rest) and rest[run] == rest[0] + run * step:
            run += 1
        if run < 3:
            run = 1
            parts.append(figure(rest[0]))
        else:
            steps = "" if step == 1 else f" in steps of {figure(step)}"
            parts.append(f"{figure(rest[0])}\u2013{figure(rest[run - 1])}{steps}")
        rest = rest[run:]
    return ", ".join(parts)


def places(rows: Iterable[Row]) -> str:
    """Geographies in few words, each country once: "US: NY, NJ; all of GB"."""
    by_country: dict[str, list[str]] = {}
    for row in rows:
        by_country.setdefault(row["country"], []).append(row["state"])
    return "; ".join(
        f"all of {country}"
        if states == [ALL_LINES]
        else f"{country}: {', '.join(states)}"
        for country, states in by_country.items()
    )


def marked(text: str, rows: Iterable[Row]) -> str:
    """The text with the mark behind it where all the rows rest on assumptions."""
    rows = list(rows)
    if rows and all(row.is_assumption for row in rows):
        return f"{text} {MARK}"
    return text


def marked_list(rows: Sequence[Row], words: Callable[[Sequence[Row]], str]) -> str:
    """Several rows in words, `words` of them, with the mark.

    One mark at the end where it holds for all; else the marked ones come last.
    """
    groups = (
        [row for row in rows if not row.is_assumption],
        [row for row in rows if row.is_assumption],
    )
    return "; ".join(marked(words(group), group) for group in groups if group)


def value(row: Row, column: str, names: Names) -> str:
    """Any cell in words, as the change log says it."""
    cell = row[column]
    if not cell:
        return NOT_ASKED
    if column in VOCABULARIES or column == "product_line":
        return names.name(column, cell)
    if cell.lower() in ("true", "false"):
        return "yes" if row.flag(column) else "no"
    if re.fullmatch(r"-?\d+(\.\d+)?", cell):
        return figure(row.number(column))
    if re.fullmatch(r"[a-z]+(_[a-z]+)+", cell):
        return plain(cell)
    return cell.removesuffix(" 00:00:00")
