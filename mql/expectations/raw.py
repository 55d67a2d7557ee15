"""The raw door: are the raw tables what their contract says?

The contract is models/staging/crm/_crm__sources.yml. A broken one is critical; dirt
within limits is a warning, because the quarantine catches it and the marts are right
without it. Each raw table is read once for all its checks. Examples show cells and how
often they occur, never whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import yaml

from mql.expectations.check import Check, Finding, examine
from mql.project import ROOT, plain_message

DOOR = "raw"
# Where dbt makes the raw views: the dbt var `raw_schema`.
SCHEMA = "crm"

# Share of rows that may break a contract and still be dirt. One row in twenty is what
# hand-kept CRMs are like; above it the export is broken, not the typing.
DIRTY_SHARE = 0.05
# For words outside a vocabulary: a new activity type or line is common, and its rows
# wait in quarantine or count for no line; when every fifth row is a stranger, the wrong
# file was delivered.
UNKNOWN_WORD_SHARE = 0.20
# For words that people type as they like: reported, whatever their number, since a row
# is scored without them.
ANY_SHARE = 1.0
# Below this many rows a share says little, and somebody can look at each by hand.
FEW_ROWS = 100
# Days after which a feed counts as stale. Activities come daily, and three days let a
# weekend and one failed night pass unreported; people change within any month;
# facilities may well stay as they are for a quarter.
STALE_AFTER_DAYS = {"activities": 3, "contacts": 31, "accounts": 92}
# Whole weeks, so that weekends do not look like failures.
NEWEST_DAYS = 7
RECENT_DAYS = 28
# Campaigns double a week, holidays halve it; beyond a factor of three something broke.
VOLUME_FACTOR = 3
# Fewer rows a week than this are an early or small feed, whose weeks differ by nature.
ROWS_A_WEEK = 50

# How a time, number or flag is written; as in macros/engine/casts.sql.
ISO_TIME = (
    r"\d{4}-\d{2}-\d{2}([ T]([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d+)?)?"
    r"( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?"
)
FLAGS = ("true", "t", "1", "yes", "y", "false", "f", "0", "no", "n")
NUMBERS = ("bed_count", "amount_usd", "monthly_capacity")
# Times that are blank for good reason: not closed yet, no end agreed.
OPTIONAL_TIMES = ("closed_at", "ends_on")

OUTCOMES = "select unnest(['contacted', 'accepted', 'rejected']) as word"
PROVIDERS = "select unnest(['own', 'competitor']) as word"
PRODUCT_LINES = "select distinct product_line as word from seeds.qualification_criteria"
SPECIALTIES = " union all ".join(
    f"select {column} as word from seeds.specialties"
    for column in ("specialty", "specialty_name", "nucc_code")
)
# (table, column) -> (the words it may hold, which rows are asked, the share of rows that
# may hold others, why it matters). Blank cells are not asked.
VOCABULARIES = {
    ("contacts", "specialty"): (
        SPECIALTIES,
        "true",
        ANY_SHARE,
        "An unknown specialty earns no points, and fails where a line asks for one.",
    ),
    ("contacts", "role"): (
        "select role as word from seeds.roles",
        "true",
        ANY_SHARE,
        "An unknown role is read from the job title instead, or is none.",
    ),
    ("accounts", "facility_type"): (
        "select facility_type as word from seeds.facility_types",
        "true",
        ANY_SHARE,
        "An unknown facility type is neutral: no points, and no target facility.",
    ),
    ("activities", "activity_type"): (
        "select activity_type as word from seeds.activity_types",
        "true",
        UNKNOWN_WORD_SHARE,
        "An activity of an unknown type waits in quarantine and scores nothing.",
    ),
    ("activities", "product_line"): (
        PRODUCT_LINES,
        "true",
        UNKNOWN_WORD_SHARE,
        "An activity tagged with an unknown line counts for line general only.",
    ),
    ("dispositions", "outcome"): (
        OUTCOMES,
        "true",
        UNKNOWN_WORD_SHARE,
        "An answer with another outcome neither holds nor counts.",
    ),
    ("dispositions", "reason_code"): (
        "select reason_code as word from seeds.rejection_reasons",
        "lower(trim(outcome)) = 'rejected'",
        UNKNOWN_WORD_SHARE,
        "A rejection with an unknown reason counts as unspecified: nobody learns why.",
    ),
    ("dispositions", "product_line"): (
        PRODUCT_LINES,
        "true",
        UNKNOWN_WORD_SHARE,
        "An answer for an unknown line holds nobody back.",
    ),
    ("opportunities", "product_line"): (
        PRODUCT_LINES,
        "true",
        UNKNOWN_WORD_SHARE,
        "An opportunity of an unknown line keeps nobody from being an MQL for it.",
    ),
    ("service_contracts", "provider"): (
        PROVIDERS,
        "true",
        UNKNOWN_WORD_SHARE,
        "A contract of nobody's is no service signal and makes no current customer.",
    ),
}


@dataclass(frozen=True)
class RawTable:
    """A raw table as its contract has it. `key` is the first column."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    is_required: bool


def contract(project: Path = ROOT) -> list[RawTable]:
    """The raw tables of models/staging/crm/_crm__sources.yml."""
    path = project / "models" / "staging" / "crm" / "_crm__sources.yml"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    return [
        RawTable(
            name=table["name"],
            columns=tuple(column["name"] for column in table["columns"]),
            key=tuple(table["config"]["meta"]["key"]),
            is_required=table["config"]["meta"]["required"],
        )
        for table in source["tables"]
    ]


def examine_raw(
    connection: duckdb.DuckDBPyConnection, as_of: str, project: Path = ROOT
) -> list[Finding]:
    """Runs every check of the door. `as_of` is the run's, as an SQL expression."""
    findings = []
    for table in contract(project):
        findings += examine_table(connection, table, as_of)
    return findings


def examine_table(
    connection: duckdb.DuckDBPyConnection, table: RawTable, as_of: str
) -> list[Finding]:
    """All checks of one raw table, from one pass over it."""
    present = {
        name
        for (name,) in connection.execute(
            "select lower(column_name) from duckdb_columns()"
            " where database_name = current_database()"
            f" and schema_name = '{SCHEMA}' and table_name = '{table.name}'"
        ).fetchall()
    }
    if not present and not table.is_required:
        # on a warehouse an optional table may not be there, and counts as empty
        return []
    findings = [examine(connection, DOOR, columns_check(table, present))]
    # what asks for a column that is not there would only say so a second time
    cells = [check for check in cell_checks(table) if check.needs <= present]
    counts = ", ".join(["count(*)", *(f"count_if({cell.broken})" for cell in cells)])
    try:
        total, *broken = connection.execute(
            f"select {counts} from {SCHEMA}.{table.name}"
        ).fetchone()
    except duckdb.Error as error:
        check = readable_check(table)
        return [*findings, Finding(DOOR, check, None, error=plain_message(str(error)))]
    findings.append(examine(connection, DOOR, readable_check(table), 0))
    for cell, rows_violating in zip(cells, broken):
        check = replace(
            cell.check, rows_allowed=max(FEW_ROWS, int(cell.share_allowed * total))
        )
        findings.append(examine(connection, DOOR, check, rows_violating))
    if "loaded_at" in present:
        timely = (
            [freshness_check(table, as_of)] if table.name in STALE_AFTER_DAYS else []
        )
        timely += [volume_check(table, as_of)] if table.name == "activities" else []
        findings += [examine(connection, DOOR, check) for check in timely]
    return findings


def columns_check(table: RawTable, present: set[str]) -> Check:
    """Every column of the contract is there."""
    missing = [name for name in table.columns if name not in present]
    names = ", ".join(f"'{name}'" for name in missing)
    return Check(
        name=f"{table.name}_columns_are_present",
        subject=f"{SCHEMA}.{table.name}",
        claim=f"Raw table {table.name} has every column of its contract",
        why="A missing column is read as empty by nobody: what depends on it is wrong"
        " or does not build.",
        remedy="Add the column to the export; its cells may be empty. The contract is"
        " models/staging/crm/_crm__sources.yml.",
        query=f"select unnest([{names}]::varchar[]) as missing_column",
    )


def readable_check(table: RawTable) -> Check:
    """The table can be read to its last row."""
    return Check(
        name=f"{table.name}_can_be_read",
        subject=f"{SCHEMA}.{table.name}",
        claim=f"Raw table {table.name} can be read to its last row",
        why="A file that breaks off, moved, or has a row with too many cells stops"
        " every later run.",
        remedy="Mend or restore the file that the message names.",
        query=f"select 1 from {SCHEMA}.{table.name} where false",
    )


@dataclass(frozen=True)
class CellCheck:
    """A check on single cells: a condition that is true of broken rows."""

    check: Check
    broken: str
    needs: set[str]
    share_allowed: float


def cell_checks(table: RawTable) -> list[CellCheck]:
    """Keys, types and vocabularies of one table."""
    subject = f"{SCHEMA}.{table.name}"
    checks = []

    def add(name, claim, why, remedy, cell, broken, needs, share_allowed):
        query = f"""
            select {cell} as cell, count(*) as row_count
            from {subject}
            where {broken}
            group by all
            order by row_count desc, cell
        """
        check = Check(f"{table.name}_{name}", subject, claim, why, remedy, query)
        checks.append(CellCheck(check, broken, set(needs), share_allowed))

    # a contact's version is known by its time too, which is checked as a time
    ids = [table.key[0]] + (["contact_id"] if table.name == "activities" else [])
    blank = " or ".join(f"{text(column)} = ''" for column in ids)
    add(
        "keys_are_not_blank",
        f"Rows of {table.name} have a {' and a '.join(ids)}",
        "A row without its key belongs to nobody; it waits in quarantine.",
        "Give the rows their key at the source; they are in"
        " quality.fct_quarantined_records with reason missing_key.",
        "'(blank)'",
        blank,
        ids,
        DIRTY_SHARE,
    )
    for column in table.columns:
        if column.endswith(("_at", "_on")):
            is_time = (
                f"regexp_full_match({text(column)}, '{ISO_TIME}')"
                f" and try_cast({text(column)} as timestamptz) is not null"
            )
            broken = f"not ({is_time})"
            if column in OPTIONAL_TIMES:
                broken += f" and {text(column)} <> ''"
            kind, example = "an ISO time", "2026-06-30 12:00:00"
            why = "A row without a readable time cannot be put in order; it waits in"
            why += " quarantine, or the time counts as open."
        elif column in NUMBERS:
            broken = (
                f"{text(column)} <> '' and not"
                f" coalesce(isfinite(try_cast({text(column)} as double)), false)"
            )
            kind, example = "a number", "210"
            why = "A number that is none counts as unknown, and unknown beds fail the"
            why += " gate that asks for them."
        elif column.startswith("is_"):
            words = ", ".join(f"'{flag}'" for flag in FLAGS)
            broken = f"{text(column)} <> '' and lower({text(column)}) not in ({words})"
            kind, example = "a flag", "true"
            why = "A flag that is neither true nor false counts as false: an erasure"
            why += " or a machine would be missed."
        else:
            continue
        add(
            f"{column}_parses",
            f"Cells {column} of {table.name} are {kind}",
            why,
            f"Write it like {example} at the source.",
            text(column),
            broken,
            [column],
            DIRTY_SHARE,
        )
    for (name, column), (words, asked, share, why) in VOCABULARIES.items():
        if name != table.name:
            continue
        add(
            f"{column}_is_known",
            f"Cells {column} of {table.name} are words of their vocabulary",
            why,
            "Map the word at the source, or add it to the vocabulary or the definition"
            " in seeds/.",
            text(column),
            f"{text(column)} <> '' and ({asked})"
            f" and lower({text(column)}) not in"
            f" (select lower(word) from ({words}) as words where word is not null)",
            [column] + (["outcome"] if "outcome" in asked else []),
            share,
        )
    return checks


def text(column: str) -> str:
    """A raw cell as text without blanks at its ends; blank for null."""
    return f"coalesce(trim(cast({column} as varchar)), '')"


def loaded_rows(table: RawTable, as_of: str) -> str:
    """A query for when the rows that the run may see were loaded, UTC."""
    return f"""
        select loaded_at
        from (
            select cast(try_cast({text("loaded_at")} as timestamptz) as timestamp)
                as loaded_at
            from {SCHEMA}.{table.name}
            where regexp_full_match({text("loaded_at")}, '{ISO_TIME}')
        )
        where loaded_at <= {as_of}
    """


def freshness_check(table: RawTable, as_of: str) -> Check:
    """How old the newest row is. A warning: the marts are right, but of the past."""
    days = STALE_AFTER_DAYS[table.name]
    return Check(
        name=f"{table.name}_are_fresh",
        subject=f"{SCHEMA}.{table.name}",
        claim=f"The newest row of {table.name} was loaded at most {days} days"
        " before the run's as_of",
        why="On a stale feed people go quiet who are not: scores decay, MQLs lapse and"
        " direct requests wait.",
        remedy="Ask whoever runs the export. For a replay of the past this is no"
        " concern.",
        query=f"""
            select max(loaded_at) as newest_loaded_at, {as_of} as as_of,
                round(
                    (epoch_us({as_of}) - epoch_us(max(loaded_at))) / 86400000000.0, 1
                ) as days_old
            from ({loaded_rows(table, as_of)}) as loaded
            having coalesce(
                max(loaded_at) < {as_of} - interval {days} day, true
            )
        """,
        only_warns=True,
    )


def volume_check(table: RawTable, as_of: str) -> Check:
    """The newest days bring about as many rows as the days before them did."""
    weeks = RECENT_DAYS / NEWEST_DAYS
    newest_from = f"{as_of} - interval {NEWEST_DAYS} day"
    recent_from = f"{as_of} - interval {NEWEST_DAYS + RECENT_DAYS} day"
    return Check(
        name=f"{table.name}_volume_is_as_usual",
        subject=f"{SCHEMA}.{table.name}",
        claim=f"The newest {NEWEST_DAYS} days brought between a third and three times"
        f" the rows of an average week of the {RECENT_DAYS} days before",
        why="Half a feed looks like silence and a doubled one like interest; neither"
        " is.",
        remedy="Compare rows per day of loaded_at with the source; after a first load"
        " or a large campaign this passes by itself.",
        query=f"""
            select newest, recent / {weeks} as usual
            from (
                select count_if(loaded_at > {newest_from}) as newest,
                    count_if(
                        loaded_at > {recent_from} and loaded_at <= {newest_from}
                    ) as recent
                from ({loaded_rows(table, as_of)}) as loaded
            )
            where
                recent / {weeks} >= {ROWS_A_WEEK}
                and newest not between recent / {weeks} / {VOLUME_FACTOR}
                    and recent / {weeks} * {VOLUME_FACTOR}
        """,
        only_warns=True,
    )
