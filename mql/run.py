"""A run: write, audit, publish. See docs/decisions/0007-write-audit-publish.md."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from mql.audit import AuditReport, audit_marts, audit_raw_tables, opened
from mql.definition.read import definition_hashes
from mql.expectations.check import Finding, first_line
from mql.operations import (
    FAILED,
    Run,
    RunLog,
    lock_holder,
    now,
    one_run_at_a_time,
)
from mql.project import (
    ROOT,
    Progress,
    ProjectError,
    plain_message,
    run_dbt,
    shelf,
    target,
    warehouse_path,
)
from mql.publish import public_marts
from mql.summary import place_of

DEFAULT_KEEP = 3
# What DuckDB says of a file that is not what it wrote; a newer version's file and one
# that is in use are neither.
DAMAGE = re.compile(
    "corrupt|checksum|not a valid DuckDB|could not read enough bytes|INTERNAL Error"
    "|FATAL Error|Serialization Error|has been invalidated",
    flags=re.IGNORECASE,
)


class DamagedWarehouse(ProjectError):
    """The working database was damaged and is out of the way: the next run is whole."""


@dataclass(frozen=True)
class Outcome:
    """What a run did: its line of the log, and dbt's results, one for each node."""

    run: Run
    results: list


def published_files_to_keep() -> int:
    """How many runs' published files stay (MQL_KEEP_PUBLISHED)."""
    given = os.environ.get("MQL_KEEP_PUBLISHED", "").strip() or str(DEFAULT_KEEP)
    if not given.isdecimal() or int(given) < 1:
        raise ProjectError(
            f"MQL_KEEP_PUBLISHED is {given!r}: it takes a whole number from 1 on."
        )
    return int(given)


def warn(text: str) -> None:
    """Says what somebody should know of a run that goes on, where cron looks for it."""
    print(text, file=sys.stderr, flush=True)


def run(
    as_of: str | None = None,
    full_refresh: bool = False,
    with_tests: bool = False,
    say: Callable[[str], None] = warn,
) -> Outcome:
    """Builds, audits and publishes the warehouse; with dbt's tests if asked.

    `as_of` is an ISO time, UTC; by default the start of the build. `say` takes what
    somebody should know although the run goes on.
    Raises ProjectError where nothing was published. What was published before stays.
    """
    try:
        return run_once(as_of, full_refresh, with_tests, say)
    except DamagedWarehouse as damage:
        say(str(damage))
        return run_once(as_of, full_refresh, with_tests, say)


def run_once(
    as_of: str | None,
    full_refresh: bool,
    with_tests: bool,
    say: Callable[[str], None],
) -> Outcome:
    """A run as dbt in this process does it."""
    with attempt(as_of, full_refresh, say) as this:
        this.audit_raw_tables()
        this.begin("build")
        results = dbt(this.dbt_arguments("build" if with_tests else "run"))
        this.audit_and_publish([result.node.to_dict() for result in results])
        return Outcome(this.run, results)


@contextmanager
def attempt(
    as_of: str | None = None,
    full_refresh: bool = False,
    say: Callable[[str], None] = warn,
) -> Iterator[Attempt]:
    """Holds the lock and keeps the log of a run whose build somebody else may do.

    Raises ProjectError as `run` does, and DamagedWarehouse where another attempt is
    worth while.
    """
    if target() not in ("duckdb", "postgres"):
        raise ProjectError(
            f"MQL_TARGET is {target()}: this command builds on DuckDB and PostgreSQL."
            " Spark has an environment of its own: `make spark`, then `MQL_TARGET=spark"
            " .venv-spark/bin/dbt build` (docs/engines.md)."
        )
    publisher = publisher_of_target()
    is_file = target() == "duckdb"
    this = Attempt(Run.new(), RunLog(shelf().log), as_of, full_refresh)
    with (
        engine_errors(),
        one_run_at_a_time(shelf().lock, this.run),
        publisher.one_run_at_a_time(this.run),
    ):
        publisher.finish_what_a_killed_run_began(shelf(), this.log)
        try:
            this.begin("start")
            if is_file and (damage := set_aside_if_damaged(warehouse_path())):
                say(damage)
            publisher.recall_reported_months(shelf(), warehouse_path())
            yield this
        except BaseException as error:
            damage = ""
            if is_file and DAMAGE.search(str(error)):
                # found when a table was read
                damage = set_aside_if_damaged(warehouse_path(), by_reading_all=True)
            this.run.error = damage or str(error) or type(error).__name__
            this.run.status, this.run.finished_at = FAILED, now()
            # a full disk takes the log with it, and is what there is to tell
            with suppress(OSError):
                this.log.append(this.run.line())
            if damage:
                raise DamagedWarehouse(damage) from error
            raise


def status() -> str:
    """How the warehouse stands: what is published, the last attempt, who is at work."""
    holder = lock_holder(shelf().lock)
    lines = []
    good = publisher_of_target().last_published(shelf())
    if good:
        lines.append(
            f"Published: {place_of(shelf().marts)}, as of {good['as_of']} UTC,"
            f" {good['rows_published']:,} rows, {age(good['finished_at'])} old"
            f" (run {good['run_id']}; audit: {good['audit']})."
        )
    elif shelf().marts.exists():
        lines.append(
            f"Published: {place_of(shelf().marts)} cannot be read; run `make run`, which"
            " puts a new one in its place."
        )
    else:
        lines.append("Published: nothing yet; run `make build`.")
    last = RunLog(shelf().log).last("true" if not holder else "finished_at is not null")
    if last and (not good or last["run_id"] != good["run_id"]):
        lines.append(
            f"Last attempt: run {last['run_id']}, {age(last['started_at'])} ago,"
            f" {last['status']} in phase {last['phase']!r}."
        )
        if last["error"]:
            lines += ["  " + line for line in last["error"].splitlines()]
    elif last:
        lines.append("Last attempt: that one.")
    lines.append(f"At work: {holder or 'nobody'}.")
    return "\n".join(lines)


def age(moment: datetime) -> str:
    """How long ago a time (UTC) was, in words."""
    seconds = int((now() - moment).total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s"
    return f"{seconds} seconds"


class Attempt:
    """A run at work: its phases, in order."""

    def __init__(self, run: Run, log: RunLog, as_of: str | None, full_refresh: bool):
        self.run = run
        self.log = log
        self.as_of = as_of
        self.full_refresh = full_refresh
        self.raw_findings: list[Finding] = []
        self.keep = published_files_to_keep()

    def begin(self, phase: str) -> None:
        """Logs that a phase begins."""
        self.run.phase = phase
        self.log.append(self.run.line())

    def dbt_arguments(self, command: str) -> list[str]:
        """A dbt command on everything, with the run's options."""
        arguments = [command]
        if self.as_of:
            arguments += ["--vars", f'{{as_of: "{self.as_of}"}}']
        if self.full_refresh:
            arguments.append("--full-refresh")
        return arguments

    def audit_raw_tables(self) -> None:
        """Loads the seeds, opens the raw files and audits these. Raises ProjectError."""
        self.begin("seeds")
        dbt([*self.dbt_arguments("build"), "--resource-type", "seed"])
        self.begin("raw audit")
        with opened(warehouse_path()) as connection:
            report = audit_raw_tables(connection, shelf().audit)
        self.judge(report, "the raw tables")
        self.raw_findings = report.findings

    def audit_and_publish(self, nodes: list[dict]) -> None:
        """What follows a build: `nodes` are dbt's, as its manifest has them.

        Raises ProjectError where it is not published.
        """
        if target() == "duckdb":
            # it has personal columns
            warehouse_path().chmod(0o600)
        marts, publisher = public_marts(nodes), publisher_of_target()
        self.begin("copy")
        # one connection until all is published: nobody can change what was copied
        with engine_errors(), opened(warehouse_path()) as connection:
            self.take_note_of_the_build(connection)
            with publisher.copied(connection, marts, shelf(), self.run) as copies:
                self.begin("mart audit")
                report = audit_marts(
                    copies.connection, shelf().audit, self.raw_findings, copies.touched
                )
                self.judge(report, "the marts")
                self.begin("publish")
                publisher.publish(copies, marts, shelf(), self.run, self.log, self.keep)

    def judge(self, report: AuditReport, what: str) -> None:
        """Notes an audit's result; raises ProjectError where it failed."""
        self.run.audit = report.verdict()
        if not report.ok:
            raise ProjectError(
                f"the audit of {what} failed; nothing was published.\n\n"
                + "\n\n".join(report.failures())
                + f"\n\nNotes and examples: {report.docs}"
            )

    def take_note_of_the_build(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Notes what was built.

        Raises ProjectError where the working database has no finished build.
        """
        event, build_id, is_full, touched, as_of = connection.execute(
            "select event, build_id, is_full, touched_contacts, as_of"
            " from operations.builds order by build_number desc limit 1"
        ).fetchone()
        if event != "completed":
            raise ProjectError(
                f"the last build of {warehouse_place()} was not one of every model;"
                " nothing was published. Run `mql run`."
            )
        self.run.build_id, self.run.is_full, self.run.as_of = build_id, is_full, as_of
        (self.run.rows_raw,) = connection.execute(
            "select sum(rows_raw) from quality.fct_reconciliation"
        ).fetchone()
        if touched is None:
            (touched,) = connection.execute(
                "select count(*) from scoring.dim_contacts"
            ).fetchone()
        self.run.touched_contacts = touched
        self.run.definition_hashes = definition_hashes(ROOT)


def publisher_of_target():
    """The module that publishes on this engine; both have the same functions."""
    if target() == "postgres":
        # imported late: its driver is an extra
        from mql import publish_postgres

        return publish_postgres
    from mql import publish

    return publish


def warehouse_place() -> str:
    """Where the warehouse is, in words."""
    if target() == "postgres":
        from mql.postgres import place

        return f"the {place()}"
    return str(warehouse_path())


@contextmanager
def engine_errors():
    """Turns what the engine or the disk says into one message."""
    errors = (duckdb.Error, OSError)
    if target() == "postgres":
        from mql.postgres import driver

        errors += (driver().Error,)
    try:
        yield
    except errors as error:
        raise ProjectError(plain_message(str(error))) from error


def dbt(arguments: list[str]) -> list:
    """One dbt command in this process. Returns its results."""
    progress = Progress()
    try:
        return run_dbt(arguments, progress)
    finally:
        progress.finish()


def set_aside_if_damaged(path: Path, by_reading_all: bool = False) -> str:
    """Moves a damaged working database out of the way.

    Returns a message that says so; blank where it is not damaged.
    """
    damage = damage_of(path, by_reading_all)
    if not damage:
        return ""
    # not deleted: a snapshot that users keep in it is in no raw file
    broken = path.with_name(path.name + ".broken")
    path.replace(broken)
    # what was not yet in the file belongs to it and to no other
    log = path.with_name(path.name + ".wal")
    if log.exists():
        log.replace(path.with_name(path.name + ".broken.wal"))
    return (
        f"{path} is damaged ({damage}). It is now {broken}; everything is built anew from"
        " the raw files."
    )


def damage_of(path: Path, by_reading_all: bool) -> str:
    """What is wrong with a DuckDB file; blank if nothing is, or there is none.

    Raises ProjectError for a file that is whole and cannot be opened.
    """
    if not path.exists():
        return ""
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        if DAMAGE.search(str(error)):
            return first_line(error)
        raise ProjectError(plain_message(str(error))) from error
    try:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
        for schema, table in tables if by_reading_all else []:
            # every block has a checksum, and this asks for every block
            connection.execute(
                f'select bit_xor(hash(cells)) from "{schema}"."{table}" as cells'
            )
    except duckdb.Error as error:
        return first_line(error)
    finally:
        connection.close()
    return ""
