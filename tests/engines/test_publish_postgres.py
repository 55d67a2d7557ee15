"""A run on PostgreSQL: audited, published at once, and nothing lost when it fails.

Who may see what is asked by logging in as each role.
"""

from __future__ import annotations

import csv
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import make_dsn, parse_dsn

import equality
import postgres
import reference
import runs
import warehouse
import worlds
from mql import publish_postgres
from mql.operations import PUBLISHED, Run, RunLog
from mql.postgres import opened, opened_published, variables_of
from mql.project import ProjectError
from mql.publish import Mart, public_marts

ROLES = ("mql_test_builder", "mql_test_reader", "mql_test_handover")
BUILDER, READER, HANDOVER = ROLES
SCHEMAS = equality.mart_schemas(warehouse.ROOT)


@dataclass(frozen=True)
class Published:
    """A database after one good run of the builder's, and how to run again."""

    server: postgres.Server
    database: str
    runs: runs.Warehouse
    world: worlds.World
    marts: list[Mart]

    def connect(self, role: str):
        """Logs in as a role."""
        return psycopg2.connect(make_dsn(self.database, user=role, password=role))

    def ask(self, role: str, query: str) -> list[tuple]:
        """What a query gives to a role; a statement that gives nothing: no rows."""
        connection = self.connect(role)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def shown(self) -> tuple[str, int]:
        """The run whose marts are shown, and how many rows it published."""
        ((run_id, rows),) = self.ask(
            READER,
            "select run_id, rows_published from marts.runs"
            " where status = 'published' order by finished_at desc limit 1",
        )
        return run_id, rows


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Iterator[Published]:
    """On a server of its own, which a test may kill."""
    folder = tmp_path_factory.mktemp("published")
    seeds = reference.read_seeds(warehouse.ROOT)
    world = worlds.make_world(23, contacts=12, seeds=seeds)
    worlds.write_world(world, folder / "raw")
    with (
        postgres.private_server() as server,
        postgres.new_database(server.url) as database,
    ):
        name = parse_dsn(database)["dbname"]
        postgres.load_raw(folder / "raw", database)
        for role in ROLES:
            postgres.execute(database, f"create role {role} login password '{role}'")
        postgres.execute(
            database,
            f"grant create on database {name} to {BUILDER}",
            f"grant usage on schema crm to {BUILDER}",
            f"grant select on all tables in schema crm to {BUILDER}",
        )
        builder = make_dsn(database, user=BUILDER, password=BUILDER)
        warehouse_ = runs.Warehouse(
            folder / "warehouse",
            folder / "raw",
            folder / "target",
            MQL_TARGET="postgres",
            MQL_READER_ROLE=READER,
            MQL_HANDOVER_ROLE=HANDOVER,
            **variables_of(builder),
        )
        finished = warehouse_.run(world.as_of - timedelta(days=20))
        assert finished.end() == 0, finished.text
        yield Published(server, database, warehouse_, world, marts(folder / "target"))


def marts(target: Path) -> list[Mart]:
    """The public models, from dbt's manifest."""
    import json

    manifest = json.loads((target / "manifest.json").read_text())
    return public_marts(list(manifest["nodes"].values()))


@pytest.fixture
def as_builder(published):
    """This process as the builder's."""
    with warehouse.environment(**published.runs.settings):
        yield


def again(published: Published, keep: int = 3, change=lambda marts: marts) -> Run:
    """Publishes what is built once more, in this process."""
    run = Run.new()
    shelf, marts = published.runs.shelf, change(published.marts)
    with (
        opened() as connection,
        publish_postgres.copied(connection, marts, shelf, run) as copies,
    ):
        publish_postgres.publish(copies, marts, shelf, run, RunLog(shelf.log), keep)
    return run


def test_the_reader_sees_every_mart_without_personal_columns(published):
    for mart in published.marts:
        query = f"select * from marts.{mart.name} limit 0"
        connection = published.connect(READER)
        with connection.cursor() as cursor:
            cursor.execute(query)
            assert (
                tuple(column.name for column in cursor.description) == mart.impersonal
            )
        connection.close()
    personal = [mart.name for mart in published.marts if mart.personal]
    assert "dim_contacts" in personal and "fct_mql_handoffs" in personal
    assert published.ask(READER, "select count(*) from marts.fct_mqls") > [(0,)]


def test_who_hands_over_sees_personal_columns_of_hand_overs(published):
    (row,) = published.ask(
        HANDOVER, "select count(email) from handoffs.fct_mql_handoffs"
    )
    assert row > (0,)
    assert published.ask(HANDOVER, "select count(*) from marts.fct_mqls") > [(0,)]
    with pytest.raises(errors.UndefinedTable):
        published.ask(HANDOVER, "select * from handoffs.dim_contacts")


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (READER, "select * from handoffs.fct_mql_handoffs"),
        *(
            (role, statement)
            for role in (READER, HANDOVER)
            for statement in (
                "select * from scoring.dim_contacts",
                "select * from intermediate.int_contact_standing",
                "select * from staging.stg_crm__contacts",
                "select * from crm.contacts",
                "delete from marts.fct_mqls",
                "drop view marts.fct_mqls",
                "create table marts.notes (note text)",
            )
        ),
    ],
)
def test_readers_see_nothing_else_and_change_nothing(published, role, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        published.ask(role, statement)


def test_the_builder_owns_what_it_built(published):
    owners = postgres.rows(
        published.database,
        """
        select distinct pg_get_userbyid(relowner) as owner
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where
            nspname in ('scoring', 'intermediate', 'seeds', 'marts', 'handoffs')
            or starts_with(nspname, 'published_')
        """,
    )
    assert [row["owner"] for row in owners] == [BUILDER]


def test_the_audit_passed_the_doors_it_passes_on_duckdb(published):
    """The same checks, by name and verdict; the marts were made from the same rows."""
    on_duckdb = runs.Warehouse(
        published.runs.shelf.folder.parent / "duckdb",
        published.runs.raw,
        published.runs.target.parent / "target-duckdb",
    )
    finished = on_duckdb.run(published.world.as_of - timedelta(days=20))
    assert finished.end() == 0, finished.text
    assert published.runs.log.last()["audit"] == on_duckdb.log.last()["audit"]
    assert published.shown()[1] == on_duckdb.log.last()["rows_published"]


def test_the_tools_read_what_is_published(published, as_builder):
    summary = published.runs.start("summary")
    assert summary.end() == 0, summary.text
    assert (
        "Official MQLs" in summary.text and "schemas marts and handoffs" in summary.text
    )
    status = published.runs.start("status")
    assert status.end() == 0 and published.shown()[0] in status.text
    with opened_published() as connection:
        ours = connection.execute("select count(email) from handoff.fct_mql_handoffs")
        assert ours.fetchone()[0] > 0
    reader = {"PGUSER": READER, "PGPASSWORD": READER}
    with warehouse.environment(**reader), opened_published() as connection:
        columns = connection.sql("select * from handoff.fct_mql_handoffs").columns
        assert "email" not in columns


def test_a_mart_is_exported_and_hand_overs_are_delivered(
    published, as_builder, tmp_path
):
    sheet = tmp_path / "mqls.csv"
    exported = published.runs.start("export", "fct_mqls", "--out", str(sheet))
    assert exported.end() == 0, exported.text
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ((count,),) = published.ask(READER, "select count(*) from marts.fct_mqls")
    assert len(rows) == count > 0
    # a rehearsal: the log of deliveries belongs to all tests here
    delivered = published.runs.start("deliver", "--dry-run")
    assert delivered.end() == 0, delivered.text
    events = [
        json.loads(line) for line in delivered.text.splitlines() if line[:1] == "{"
    ]
    handed_over = {
        row
        for (row,) in published.ask(
            HANDOVER,
            "select handoff_id from handoffs.fct_mql_handoffs where status = 'open'",
        )
    }
    assert handed_over and handed_over <= {event.get("handoff_id") for event in events}


def test_readers_never_see_two_runs_at_once(published, as_builder):
    """Each run's marts say which run they are of; one statement asks the first view, the
    last, and one between."""
    # each build makes them anew, so that what is written into them is gone with the next
    first, middle, last = "dim_accounts", "fct_mql_funnel", "fct_threshold_sweep"
    schemas = {mart.name: mart.schema for mart in published.marts}
    seen, failures, stop = set(), [], threading.Event()

    def read() -> None:
        connection = published.connect(READER)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                while not stop.is_set():
                    cursor.execute(
                        f"select (select max(account_name) from marts.{first}),"
                        f" (select max(state) from marts.{middle}),"
                        f" (select max(reason) from marts.{last})"
                    )
                    seen.add(cursor.fetchone())
                    time.sleep(0.002)
        except psycopg2.Error as error:
            failures.append(error)
        finally:
            connection.close()

    def publish_as(name: str) -> None:
        postgres.execute(
            published.database,
            f"update {schemas[first]}.{first} set account_name = '{name}'",
            f"update {schemas[middle]}.{middle} set state = '{name}'",
            f"update {schemas[last]}.{last} set reason = '{name}'",
        )
        again(published)

    names = ["one", "two", "three"]
    publish_as(names[0])
    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for name in names[1:]:
            publish_as(name)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not failures
    assert {row[0] for row in seen} >= {names[0], names[1]}
    assert seen <= {(name, name, name) for name in names}


def test_a_reader_in_mid_transaction_keeps_one_run_and_is_not_broken_off(
    published, as_builder, monkeypatch
):
    monkeypatch.setattr(publish_postgres, "SECONDS_TO_SWAP", 2)
    before = published.shown()
    connection = published.connect(READER)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from marts.fct_mqls")
        (count,) = cursor.fetchone()
        with pytest.raises(ProjectError, match="kept a transaction open"):
            again(published)
        cursor.execute("select count(*) from marts.fct_mqls")
        assert cursor.fetchone() == (count,)
    connection.close()
    assert published.shown() == before
    assert again(published).run_id == published.shown()[0] != before[0]


def test_what_a_killed_run_left_is_not_seen_and_is_removed(
    published, as_builder, monkeypatch
):
    """Killed between copying and showing, and just after showing."""
    before = published.shown()
    with monkeypatch.context() as patch:
        patch.setattr(publish_postgres, "swap", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            again(published)
    assert published.shown() == before
    left = schemas(published)
    log = RunLog(published.runs.shelf.log)
    with monkeypatch.context() as patch:
        patch.setattr(RunLog, "append", lambda *given: None)
        unlogged = again(published, keep=10)
    assert published.shown()[0] == unlogged.run_id != log.last()["run_id"]
    publish_postgres.finish_what_a_killed_run_began(published.runs.shelf, log)
    assert log.last(f"run_id = '{unlogged.run_id}'")["status"] == PUBLISHED
    again(published, keep=1)
    assert len(schemas(published)) == 1 and not set(schemas(published)) & set(left)


def schemas(published: Published) -> list[str]:
    """The schemas with published tables."""
    rows = postgres.rows(
        published.database,
        "select nspname from pg_namespace where starts_with(nspname, 'published_')",
    )
    return [row["nspname"] for row in rows]


def test_marts_and_columns_may_come_and_go(published, as_builder):
    def fewer(marts: list[Mart]) -> list[Mart]:
        first = Mart(
            marts[0].schema, marts[0].name, marts[0].columns[1:], marts[0].personal
        )
        return [first, *marts[2:]]

    again(published, change=fewer)
    gone, changed = published.marts[1], published.marts[0]
    with pytest.raises(errors.UndefinedTable):
        published.ask(READER, f"select * from marts.{gone.name}")
    with pytest.raises(errors.UndefinedColumn):
        published.ask(READER, f"select {changed.columns[0]} from marts.{changed.name}")
    again(published)
    published.ask(READER, f"select {gone.columns[0]} from marts.{gone.name}")
    published.ask(READER, f"select {changed.columns[0]} from marts.{changed.name}")


def test_a_role_that_is_not_there_is_named(published, as_builder):
    before = published.shown()
    with (
        warehouse.environment(MQL_READER_ROLE="nobody_at_all"),
        pytest.raises(ProjectError, match="MQL_READER_ROLE is 'nobody_at_all'"),
    ):
        again(published)
    assert published.shown() == before


def test_one_run_at_a_time_from_whatever_machine(published, as_builder):
    """The file lock is this folder's; another machine has another folder."""
    elsewhere = runs.Warehouse(
        published.runs.shelf.folder.parent / "elsewhere",
        published.runs.raw,
        published.runs.target,
        **published.runs.settings,
    )
    holder = Run.new()
    with publish_postgres.one_run_at_a_time(holder):
        refused = elsewhere.run(published.world.as_of)
    assert refused.end() == 1
    assert "another run is at work" in refused.text and holder.run_id in refused.text


def test_a_failed_audit_publishes_nothing(published):
    before = published.shown()
    postgres.execute(
        published.database,
        "create table public.whole as select * from crm.activities",
        "update crm.activities set occurred_at = 'never'",
    )
    try:
        failed = published.runs.run(published.world.as_of)
    finally:
        postgres.execute(
            published.database,
            "truncate crm.activities",
            "insert into crm.activities select * from public.whole",
            "drop table public.whole",
        )
    assert failed.end() == 1 and "audit of the raw tables failed" in failed.text
    assert published.shown() == before


def test_a_statement_time_out_is_one_message(published):
    slow = runs.Warehouse(
        published.runs.shelf.folder,
        published.runs.raw,
        published.runs.target,
        **{**published.runs.settings, "PGOPTIONS": "-c statement_timeout=2ms"},
    )
    before = published.shown()
    failed = slow.run(published.world.as_of)
    assert failed.end() == 1
    assert failed.text.count("took longer than the server lets it") == 1
    assert "Traceback" not in failed.text
    assert published.shown() == before


def test_a_server_killed_in_mid_run_is_one_message_and_a_clean_rerun(published):
    before = published.shown()
    started = published.runs.start("run", "--as-of", str(published.world.as_of))
    published.runs.wait_for("build", started, published.runs.log.last()["run_id"])
    while models_done(started.text) < 60:
        assert started.process.is_alive(), started.text
        time.sleep(0.1)
    published.server.stop()
    assert started.end() == 1
    assert started.text.count("was lost or refused") == 1
    assert started.text.count("\nError: ") == 1 and "Traceback" not in started.text
    published.server.start()
    assert published.shown() == before
    finished = published.runs.run(published.world.as_of)
    assert finished.end() == 0, finished.text
    assert published.shown()[0] == published.runs.log.last()["run_id"]
    on_duckdb = published.runs.shelf.folder.parent / "again.duckdb"
    warehouse.build_models(published.runs.raw, on_duckdb, published.world.as_of)
    differences = equality.compare(
        equality.of_duckdb(on_duckdb),
        equality.of_postgres(published.database),
        SCHEMAS,
        # frozen when first reported: by the first run here, by this one there
        leave_out={"fct_reported_months", "fct_as_reported"},
    )
    assert not differences, "\n".join(differences[:10])


def models_done(text: str) -> int:
    """How many models a run says it has built."""
    return max(map(int, re.findall(r"(\d+) done", text)), default=0)


def test_the_run_after_publishes_what_it_built(published):
    """Most of the ledger and the history is taken from the run before."""
    before = published.runs.log.last()["build_id"]
    finished = published.runs.run(published.world.as_of + timedelta(days=1))
    assert finished.end() == 0, finished.text
    last = published.runs.log.last()
    assert not last["is_full"] and last["build_id"] != before
    in_part = [mart for mart in published.marts if mart.in_part]
    assert len(in_part) == 2
    for mart in in_part:
        columns = ", ".join(mart.impersonal)
        one, other = (
            f"select {columns} from {place}" for place in (f"marts.{mart.name}", mart)
        )
        (counts,) = postgres.rows(
            published.database,
            f"select count(*) as differing from (({one} except all {other})"
            f" union all ({other} except all {one})) as found",
        )
        assert counts["differing"] == 0, mart
