"""Reads the definitions of a marketing qualified lead from the rule seeds."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

from mql.project import ProjectError

ALL_LINES = "*"
# Columns that tell the rows of one definition apart; together they are a seed's key.
KEYS = {
    "definitions": (),
    "qualification_criteria": ("product_line",),
    "fit_points": ("criterion", "product_line"),
    "activity_points": ("activity_type", "product_line"),
    "routing_rules": ("priority",),
    "sla_policies": ("priority",),
    "rejection_reasons": ("reason_code",),
    "review_cadence": ("review",),
    "review_alerts": ("alert",),
    "target_specialties": ("product_line", "specialty"),
    "role_classes": ("role", "product_line"),
    "facility_classes": ("facility_type", "product_line"),
    "geographies": ("country", "state"),
    "page_rules": ("priority",),
}
VOCABULARIES = {
    # column of a rule seed: the vocabulary that names its codes, the column of the name
    "specialty": ("specialties", "specialty_name"),
    "role": ("roles", "role_name"),
    "facility_type": ("facility_types", "facility_name"),
}
YES = {"true", "t", "yes", "y", "1"}
NO = {"false", "f", "no", "n", "0", ""}


@dataclass(frozen=True)
class Row:
    """One row of a seed, its cells as text, and the line of the file it stands on."""

    seed: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell, stripped. Raises ProjectError where there is no such column."""
        if column not in self.cells:
            raise ProjectError(f"The seed {self.seed}.csv has no column {column}.")
        return self.cells[column].strip()

    def number(self, column: str) -> Decimal | None:
        """The cell as a number, None where blank. Raises ProjectError for a word."""
        try:
            number = Decimal(self[column]) if self[column] else None
        except InvalidOperation:
            number = Decimal("nan")
        if number is not None and not number.is_finite():
            raise self.unreadable(column, "a number")
        return number

    def flag(self, column: str) -> bool:
        """The cell as yes or no; blank is no. Raises ProjectError for anything else."""
        word = self[column].lower()
        if word not in YES | NO:
            raise self.unreadable(column, "true or false")
        return word in YES

    def time(self, column: str) -> datetime | None:
        """The cell as a time, UTC, None where blank. Raises ProjectError for a word."""
        if not self[column]:
            return None
        try:
            time = datetime.fromisoformat(self[column])
        except ValueError:
            raise self.unreadable(column, "an ISO date or time") from None
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time

    @property
    def is_assumption(self) -> bool:
        """Whether the row's rationale says that it is an assumption of ours."""
        return "assumption" in self["rationale"].lower()

    def unreadable(self, column: str, wanted: str) -> ProjectError:
        """The error that names the cell and what should be in it."""
        return ProjectError(
            f"{self.seed}.csv, line {self.line}: {column} is {self[column]!r}, which is"
            f" not {wanted}."
        )


@dataclass(frozen=True)
class Definition:
    """One definition and its rows of every seed.

    rules: seed -> rows, in the order of the file.
    official_until: when the next official definition takes over; None = open end.
    base: what its change log compares it with: the official definition before it or,
        for a proposed one, the latest official one; None where there is none.
    """

    definition_id: str
    rules: Mapping[str, list[Row]]
    official_until: datetime | None = None
    base: Definition | None = None

    @property
    def row(self) -> Row:
        """Its row of the seed `definitions`."""
        return self.rules["definitions"][0]

    @property
    def official_from(self) -> datetime | None:
        """Start of its official interval; None = proposed."""
        return self.row.time("effective_from")

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all its rows of all seeds, as 64 hexadecimal digits.

        Each row is one line of JSON: the seed's name and the cells that are not blank
        by column name, sorted; the lines are sorted, too. The order of rows and
        columns, line endings, quoting and added blank columns change nothing; any cell
        does.
        """
        lines = [
            json.dumps(
                [
                    row.seed,
                    {
                        column: cell.replace("\r\n", "\n")
                        for column, cell in row.cells.items()
                        if cell.strip()
                    },
                ],
                sort_keys=True,
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for rows in self.rules.values()
            for row in rows
        ]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def read_seeds(folder: Path) -> dict[str, list[Row]]:
    """Reads every CSV file of a folder: seed -> rows.

    Raises ProjectError for a folder without seeds and for a file that cannot be read.
    """
    seeds = {file.stem: read_seed(file) for file in sorted(folder.glob("*.csv"))}
    if not seeds:
        raise ProjectError(f"There are no seeds in {folder}.")
    return seeds


def read_seed(file: Path) -> list[Row]:
    """Reads one CSV file. Raises ProjectError where it is no such thing."""
    rows = []
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, strict=True)
            for cells in reader:
                if None in cells or None in cells.values():
                    raise ProjectError(
                        f"{file.name}, line {reader.line_num}: the row does not have as"
                        " many cells as the header."
                    )
                rows.append(Row(file.stem, reader.line_num, cells))
    except UnicodeDecodeError:
        raise ProjectError(f"{file.name} is not UTF-8: save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise ProjectError(f"{file.name} is not a CSV file: {error}.") from error
    return rows


def read_definitions(root: Path) -> list[Definition]:
    """Reads the definitions of a project: the official ones in time order, then others.

    root: the project's folder, the one with `seeds/` in it.
    Raises ProjectError for a seed that is missing or cannot be read.
    """
    seeds = read_seeds(root / "seeds" / "definition")
    for seed in KEYS:
        if seed not in seeds:
            raise ProjectError(f"The seed seeds/definition/{seed}.csv is missing.")

    def alone(name: str) -> Definition:
        rules = {
            seed: [rule for rule in rows if rule["definition_id"] == name]
            for seed, rows in seeds.items()
        }
        return Definition(name, rules)

    names = distinct(row["definition_id"] for row in seeds["definitions"])
    found = [alone(name) for name in names]
    official = sorted(
        (definition for definition in found if definition.official_from),
        key=lambda definition: definition.official_from,
    )
    latest: Definition | None = None
    definitions = []
    for position, definition in enumerate(official):
        following = official[position + 1 : position + 2]
        until = following[0].official_from if following else None
        latest = Definition(definition.definition_id, definition.rules, until, latest)
        definitions.append(latest)
    return definitions + [
        Definition(definition.definition_id, definition.rules, base=latest)
        for definition in found
        if not definition.official_from
    ]


def read_names(root: Path) -> dict[tuple[str, str], str]:
    """Reads what the vocabularies call a code: (column, code) -> name for people."""
    seeds = read_seeds(root / "seeds" / "vocabulary")
    return {
        (column, row[column]): row[name]
        for column, (vocabulary, name) in VOCABULARIES.items()
        for row in seeds.get(vocabulary, [])
    }


def definition_hashes(root: Path) -> dict[str, str]:
    """The hash of every definition of a project: definition_id -> 64 hex digits."""
    return {
        definition.definition_id: definition.hash
        for definition in read_definitions(root)
    }


def distinct(items: Iterable) -> list:
    """The items without repeats, in their order."""
    return list(dict.fromkeys(items))
