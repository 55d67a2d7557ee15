"""Audits a warehouse: Great Expectations at the raw door and at the mart door.

Everything is asked in DuckDB, read-only, within MQL_MEMORY_LIMIT; nothing is written
but the Data Docs. See docs/audit.md.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from mql.copies import in_place_of_marts
from mql.expectations.check import FAILED, Finding, first_line
from mql.expectations.marts import examine_marts
from mql.expectations.raw import examine_raw
from mql.project import ROOT, ProjectError, memory_limit, target

DOORS = ("raw", "mart")
# Dictionaries make text small enough; these take longer to write than the rest of a
# copy. The same as in profiles.yml.
DEAR_COMPRESSION = "fsst,zstd,dict_fsst"


@dataclass(frozen=True)
class AuditReport:
    """What an audit found. `seconds` is how long it took."""

    findings: list[Finding]
    docs: Path
    as_of: datetime
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing critical failed; warnings do not count."""
        return not self.failed

    @property
    def failed(self) -> list[Finding]:
        """The critical failures."""
        return [finding for finding in self.findings if finding.result == FAILED]

    def text(self) -> str:
        """The report as a table, with what to do about each critical failure."""
        header = ("door", "expectation", "result", "rows violating")
        lines = [header] + [
            (
                finding.door,
                finding.check.name,
                finding.result,
                "?"
                if finding.rows_violating is None
                else f"{finding.rows_violating:,}",
            )
            for finding in self.findings
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        text = [
            f"{line[0]:<{widths[0]}}  {line[1]:<{widths[1]}}  {line[2]:<{widths[2]}}"
            f"  {line[3]:>{widths[3]}}"
            for line in lines
        ]
        text.insert(1, "  ".join("-" * width for width in widths))
        for failure in self.failures():
            text += ["", failure]
        text += [
            "",
            f"As of {self.as_of} UTC: {self.verdict()}; {self.seconds:.1f} seconds.",
            f"Notes and examples: {self.docs}",
        ]
        return "\n".join(text)

    def failures(self) -> list[str]:
        """What failed, a few lines each."""
        return [explain(finding) for finding in self.failed]

    def verdict(self) -> str:
        """How many expectations came out how."""
        counts = Counter(finding.result for finding in self.findings)
        return ", ".join(
            f"{counts[result]} {result}" for result in ("passed", "warned", FAILED)
        )


def explain(finding: Finding) -> str:
    """A failure in a few lines: the claim, an example, what to do."""
    check = finding.check
    lines = [f"{finding.door} door, {check.name}: not true of {check.subject}:"]
    lines.append(f"  {check.claim}.")
    if finding.error:
        lines.append(f"  It could not be checked: {finding.error}")
    for example in finding.examples[:1]:
        cells = ", ".join(f"{name} = {cell}" for name, cell in example.items())
        lines.append(f"  For example: {cells}")
    lines.append(f"  What to do: {check.remedy}")
    return "\n".join(lines)


def audit(
    warehouse: Path, docs_folder: Path, doors: Sequence[str] = DOORS
) -> AuditReport:
    """Checks a built warehouse and writes Data Docs into a folder.

    Only what an earlier audit wrote there is replaced.
    Raises ProjectError where there is no warehouse, or nothing built in it.
    """
    started = time.monotonic()
    findings = []
    with opened(warehouse) as connection:
        as_of = moment_of(connection)
        if "raw" in doors:
            findings += examine_raw(connection, as_sql(as_of))
        if "mart" in doors:
            with in_place_of_marts(connection):
                findings += examine_marts(connection, as_sql(as_of))
    return report(findings, docs_folder, as_of, started)


def audit_raw_tables(
    connection: duckdb.DuckDBPyConnection, docs_folder: Path
) -> AuditReport:
    """Checks the raw door of the warehouse that a connection has open."""
    started = time.monotonic()
    as_of = moment_of(connection)
    findings = examine_raw(connection, as_sql(as_of))
    return report(findings, docs_folder, as_of, started)


def audit_marts(
    connection: duckdb.DuckDBPyConnection,
    docs_folder: Path,
    earlier: Sequence[Finding],
    touched: str = "",
) -> AuditReport:
    """Checks the mart door of the warehouse that a connection has open.

    `earlier` are findings at the other door that the report and the pages show, too;
    `touched` is what `in_place_of_marts` gave.
    """
    started = time.monotonic()
    as_of = moment_of(connection)
    findings = [*earlier, *examine_marts(connection, as_sql(as_of), touched=touched)]
    return report(findings, docs_folder, as_of, started)


def report(
    findings: list[Finding], docs_folder: Path, as_of: datetime, started: float
) -> AuditReport:
    """Gives the verdicts and writes the pages."""
    # imported late: Great Expectations takes 5 seconds to import
    from mql.expectations.site import validate

    docs = validate(findings, docs_folder, as_of)
    return AuditReport(findings, docs, as_of, time.monotonic() - started)


@contextmanager
def opened(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse, read-only, with a bound on memory.

    As long as it is open, nobody can change a DuckDB warehouse; of one on PostgreSQL it
    sees the same moment.
    """
    if target() == "postgres":
        # imported late: its driver is an extra
        from mql import postgres

        with postgres.opened() as connection, bounded(connection):
            yield connection
        return
    if not warehouse.exists():
        raise ProjectError(f"{warehouse} does not exist yet: run `make build` first.")
    connection = duckdb.connect()
    try:
        with bounded(connection):
            connection.execute("set TimeZone = 'UTC'")
            # the raw views name the sample's files from the project's root
            connection.execute(f"set file_search_path = {literal(ROOT)}")
            try:
                # dbt's views name the database they are in as dbt does, by its stem
                connection.execute(
                    f'attach {literal(warehouse)} as "{warehouse.stem}" (read_only)'
                )
            except duckdb.IOException as error:
                raise ProjectError(
                    f"{warehouse} cannot be opened ({first_line(error)}). If a run is"
                    " at work, wait for it to end."
                ) from error
            connection.execute(f'use "{warehouse.stem}"')
            yield connection
    finally:
        connection.close()


@contextmanager
def bounded(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Bounds what a connection holds in memory; more spills to a temporary folder."""
    with tempfile.TemporaryDirectory() as spill_folder:
        connection.execute(f"set memory_limit = {literal(memory_limit())}")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set disabled_compression_methods = '{DEAR_COMPRESSION}'")
        connection.execute(f"set temp_directory = {literal(spill_folder)}")
        yield


def as_sql(moment: datetime) -> str:
    """A time as an SQL literal."""
    return f"timestamp '{moment}'"


def literal(value: object) -> str:
    """A text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def moment_of(connection: duckdb.DuckDBPyConnection) -> datetime:
    """The `as_of` (UTC) of what was built last."""
    try:
        found = connection.execute(
            "select as_of from operations.builds order by build_number desc limit 1"
        ).fetchone()
    except duckdb.CatalogException as error:
        raise ProjectError(
            "nothing is built in this warehouse: run `make build`."
        ) from error
    if found is None:
        raise ProjectError("nothing is built in this warehouse: run `make build`.")
    return found[0]
