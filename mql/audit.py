"""Audits a built warehouse: Great Expectations at the raw door and at the mart door.

Everything is asked in DuckDB, read-only, within `MEMORY`; nothing is written but the
Data Docs. See docs/audit.md.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from mql.expectations.check import FAILED, Finding, first_line
from mql.expectations.marts import examine_marts
from mql.expectations.raw import examine_raw
from mql.project import ROOT, ProjectError

DOORS = {"raw": examine_raw, "mart": examine_marts}
# What the engine may hold in memory; sorts and joins that are larger spill to a
# temporary folder. Enough for 50 million ledger rows, and less than a laptop has.
MEMORY = "2GB"


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
        for finding in self.failed:
            text += ["", explain(finding)]
        counts = Counter(finding.result for finding in self.findings)
        summary = ", ".join(
            f"{counts[result]} {result}" for result in ("passed", "warned", FAILED)
        )
        text += [
            "",
            f"As of {self.as_of} UTC: {summary}; {self.seconds:.1f} seconds.",
            f"Notes and examples: {self.docs}",
        ]
        return "\n".join(text)


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
    warehouse: Path, docs_folder: Path, doors: Sequence[str] = ("raw", "mart")
) -> AuditReport:
    """Checks a built warehouse and writes Data Docs into a folder.

    Only what an earlier audit wrote there is replaced.
    Raises ProjectError where there is no warehouse, or nothing built in it.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as spill_folder:
        connection = connect(warehouse, Path(spill_folder))
        try:
            as_of = moment_of(connection, warehouse)
            as_sql = f"timestamp '{as_of}'"
            findings = []
            for door in doors:
                findings += DOORS[door](connection, as_sql)
        finally:
            connection.close()
    # imported late: Great Expectations takes 5 seconds to import
    from mql.expectations.site import validate

    docs = validate(findings, docs_folder, as_of)
    return AuditReport(findings, docs, as_of, time.monotonic() - started)


def connect(warehouse: Path, spill_folder: Path) -> duckdb.DuckDBPyConnection:
    """Opens the warehouse read-only, with a bound on memory."""
    if not warehouse.exists():
        raise ProjectError(f"{warehouse} does not exist yet: run `make build` first.")
    try:
        connection = duckdb.connect(str(warehouse), read_only=True)
    except duckdb.IOException as error:
        raise ProjectError(
            f"{warehouse} cannot be opened ({first_line(error)}). If a run is at work,"
            " wait for it to end."
        ) from error
    connection.execute(f"set memory_limit = '{MEMORY}'")
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set TimeZone = 'UTC'")
    for setting, folder in (
        ("temp_directory", spill_folder),
        ("file_search_path", ROOT),
    ):
        # the raw views name the sample's files from the project's root
        connection.execute(
            f"set {setting} = '{str(folder).replace(chr(39), chr(39) * 2)}'"
        )
    return connection


def moment_of(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> datetime:
    """The run's `as_of` (UTC), which every current score carries."""
    try:
        found = connection.execute(
            "select as_of from scoring.fct_contact_scores limit 1"
        ).fetchone()
        if found is None:
            # nobody is scored: the latest thing the run can have seen
            found = connection.execute(
                "select max(loaded_at) from quality.fct_quarantined_records"
            ).fetchone()
    except duckdb.Error as error:
        # a file under another name too: its views name the one it was built under
        raise ProjectError(
            f"{warehouse} has no marts ({first_line(error)}): run `make build`. A copy"
            " must keep the name of the file it was made from."
        ) from error
    return found[0] or datetime(1970, 1, 1)
