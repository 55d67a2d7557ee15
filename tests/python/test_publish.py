"""Publishing: what is in the published files, and what whoever reads them notices."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import warehouse
from mql.audit import opened
from mql.operations import Run, RunLog
from mql.project import Shelf
from mql.publish import (
    Mart,
    copied,
    finish_what_a_killed_run_began,
    last_published,
    publish,
)
from runs import Reader

MARTS = [
    Mart("scoring", "dim_contacts", ("contact_id",), frozenset()),
    Mart(
        "scoring",
        "people",
        ("contact_id", "email", "score"),
        frozenset(["email"]),
        in_part=True,
    ),
    Mart("handoff", "queue", ("handoff_id", "phone"), frozenset(["phone"])),
    Mart("handoff", "stakeholders", ("account_id",), frozenset()),
]


PUBLISH_WITH_LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from test_publish import publish_once
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
publish_once(Path(sys.argv[1]))
"""


@pytest.fixture
def working(tmp_path) -> Path:
    """A working database of two marts, a view over one, and a table nobody knows."""
    path = tmp_path / "mql.duckdb"
    connection = duckdb.connect(str(path))
    connection.execute("""
        create schema operations;
        create table operations.builds (
            build_number integer, build_id varchar, event varchar, is_full boolean
        );
        insert into operations.builds values (1, 'first', 'completed', true);
        create schema scoring;
        create schema handoff;
        create schema intermediate;
        create table intermediate.int_erased_contacts (contact_hash varchar);
        create table scoring.dim_contacts as
        select 'C1' as contact_id union all select 'the-erased-one';
        create table intermediate.secrets as select 'x' as secret;
        create table scoring.leftover as select 'ada@example.org' as email;
        create table intermediate.people as
        select 'C' || n as contact_id, 'ada@example.org' as email, n as score
        from range(1000) as numbers (n);
        create view scoring.people as select * from mql.intermediate.people;
        create table handoff.queue as select 'H1' as handoff_id, '+1 555' as phone;
        create table handoff.stakeholders as select 'A1' as account_id;
    """)
    connection.close()
    return path


def publish_once(working: Path, keep: int = 3) -> Run:
    """Publishes the working database as a run would."""
    shelf = Shelf(working.parent)
    log = RunLog(shelf.log)
    run = Run.new()
    (build,) = warehouse.rows(
        working,
        "select build_id from operations.builds order by build_number desc limit 1",
    )
    run.build_id = build["build_id"]
    log.append(run.line())
    with (
        opened(working) as connection,
        copied(connection, MARTS, shelf, run) as copies,
    ):
        publish(copies, MARTS, shelf, run, log, keep)
    return run


def test_public_marts_are_published_without_personal_columns(working):
    publish_once(working)
    shelf = Shelf(working.parent)
    columns = """
        select table_schema || '.' || table_name || '.' || column_name as name
        from information_schema.columns
        where table_schema <> 'operations'
        order by name
    """
    assert [row["name"] for row in warehouse.rows(shelf.marts, columns)] == [
        "handoff.queue.handoff_id",
        "handoff.stakeholders.account_id",
        "scoring.dim_contacts.contact_id",
        "scoring.people.contact_id",
        "scoring.people.score",
    ]
    assert warehouse.rows(shelf.marts, "select sum(score) as s from scoring.people")[
        0
    ] == {"s": sum(range(1000))}
    # nor anywhere else in the file
    assert b"ada@example.org" not in shelf.marts.read_bytes()


def test_hand_overs_are_whole_in_a_file_of_their_own(working):
    publish_once(working)
    shelf = Shelf(working.parent)
    assert warehouse.rows(shelf.handoffs, "select * from handoff.queue") == [
        {"handoff_id": "H1", "phone": "+1 555"}
    ]
    tables = warehouse.rows(shelf.handoffs, "select table_name from duckdb_tables()")
    assert tables == [{"table_name": "queue"}]
    assert stat.S_IMODE(shelf.handoffs.stat().st_mode) == 0o600
    assert stat.S_IMODE(shelf.kept.stat().st_mode) == 0o700
    assert shelf.marts.stat().st_mode & stat.S_IROTH


def test_a_client_of_duckdb_1_0_can_read_the_files(working):
    """By the number that clients compare with the newest one they know: 1.0 knows 64."""
    publish_once(working)
    shelf = Shelf(working.parent)
    for path in (shelf.marts, shelf.handoffs):
        # the file begins with a checksum, four letters and the version, 8 bytes
        header = path.read_bytes()[:20]
        assert header[8:12] == b"DUCK"
        assert int.from_bytes(header[12:20], "little") == 64


def test_a_reader_keeps_what_it_opened_and_the_next_gets_the_new(working):
    publish_once(working)
    shelf = Shelf(working.parent)
    reader = Reader(shelf.marts)
    connection = duckdb.connect(str(working))
    connection.execute("update intermediate.people set score = score + 5000")
    connection.close()
    publish_once(working, keep=1)
    newest = warehouse.rows(shelf.marts, "select max(score) as s from scoring.people")
    assert newest == [{"s": 5999}]
    assert reader.ask("select max(score) from scoring.people") == "999"
    reader.close()


def test_the_last_few_are_kept(working):
    runs = [publish_once(working, keep=2) for _ in range(3)]
    shelf = Shelf(working.parent)
    kept = sorted(path.name for path in shelf.kept.iterdir())
    assert kept == [run.run_id for run in runs[1:]]
    newest = shelf.kept / runs[2].run_id / "marts.duckdb"
    assert newest.samefile(shelf.marts)
    before = warehouse.rows(
        shelf.kept / runs[1].run_id / "marts.duckdb",
        "select run_id from operations.runs order by run_id",
    )
    assert [row["run_id"] for row in before] == [run.run_id for run in runs[:2]]


def test_the_published_log_has_the_run_that_published_it(working):
    shelf = Shelf(working.parent)
    lost = Run.new()
    RunLog(shelf.log).append(lost.line())
    run = publish_once(working)
    found = warehouse.rows(
        shelf.marts,
        "select run_id, status, rows_published, finished_at >= started_at as is_over"
        " from operations.runs order by run_id",
    )
    assert found == [
        {
            "run_id": lost.run_id,
            "status": "interrupted",
            "rows_published": None,
            "is_over": None,
        },
        {
            "run_id": run.run_id,
            "status": "published",
            "rows_published": 1004,
            "is_over": True,
        },
    ]
    assert last_published(shelf)["run_id"] == run.run_id


def test_a_disk_that_is_full_leaves_the_old_files(working):
    """The limit on a file's size gives the engine the error that a full disk gives."""
    before = publish_once(working)
    connection = duckdb.connect(str(working))
    connection.execute("""
        create or replace table intermediate.people as
        select 'C' || n as contact_id, md5(n::varchar) as email, hash(n) as score
        from range(500000) as numbers (n)
    """)
    connection.close()
    limited = subprocess.run(
        [sys.executable, "-c", PUBLISH_WITH_LITTLE_ROOM, str(working)],
        cwd=Path(__file__).parent,
        env={"PYTHONPATH": f"{warehouse.ROOT}:{Path(__file__).parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode != 0 and "File too large" in limited.stderr
    shelf = Shelf(working.parent)
    assert last_published(shelf)["run_id"] == before.run_id
    assert warehouse.rows(shelf.marts, "select max(score) as s from scoring.people")[
        0
    ] == {"s": 999}
    # and nothing half made beside them
    assert [path.name for path in shelf.kept.iterdir()] == [before.run_id]


def test_a_run_killed_right_after_publishing_is_in_the_log_after_all(working):
    run = publish_once(working)
    shelf = Shelf(working.parent)
    log = RunLog(shelf.log)
    lines = shelf.log.read_text().splitlines()
    shelf.log.write_text(lines[0] + "\n" + lines[1][:40])
    assert log.last()["status"] == "interrupted"
    finish_what_a_killed_run_began(shelf, log)
    assert log.last()["status"] == "published"
    assert log.last()["run_id"] == run.run_id
    finish_what_a_killed_run_began(shelf, log)
    # logged once; the half line is gone
    assert len(shelf.log.read_text().splitlines()) == 2


def build_again(working: Path, *changes: str) -> None:
    """An incremental build that made the rows of C1 and C2 anew, and found C3 changed
    behind its back."""
    connection = duckdb.connect(str(working))
    for statement in (
        "insert into operations.builds values (2, 'second', 'completed', false)",
        "update intermediate.people set score = 7000 where contact_id in ('C1', 'C2', 'C3')",
        "create schema touched",
        "create table touched.contacts as select 'C1' as contact_id",
        "create table touched.others as select 'C2' as contact_id",
        """create table touched.people as
        select * from intermediate.people where contact_id in ('C1', 'C2')""",
        *changes,
    ):
        connection.execute(statement)
    connection.close()


def scores(working: Path) -> list[int]:
    """The published scores of four contacts."""
    rows = warehouse.rows(
        Shelf(working.parent).marts,
        "select score from scoring.people where contact_id in ('C1', 'C2', 'C3', 'C4')"
        " order by contact_id",
    )
    return [row["score"] for row in rows]


def test_rows_of_contacts_that_were_not_touched_are_kept(working):
    publish_once(working)
    build_again(working)
    run = publish_once(working)
    assert scores(working) == [7000, 7000, 3, 4]
    assert run.rows_by_table["scoring.people"] == 1000


def test_what_a_touched_contact_no_longer_has_goes(working):
    publish_once(working)
    build_again(working, "delete from touched.people where contact_id = 'C1'")
    run = publish_once(working)
    assert scores(working) == [7000, 3, 4]
    assert run.rows_by_table["scoring.people"] == 999


@pytest.mark.parametrize(
    "change",
    [
        "update operations.builds set is_full = true where build_number = 2",
        # what is published is not what the build before this one left
        "insert into operations.builds values (3, 'third', 'completed', false)",
        "insert into intermediate.int_erased_contacts values (md5('the-erased-one'))",
    ],
)
def test_all_rows_are_copied_where_those_of_others_may_not_stay(working, change):
    publish_once(working)
    build_again(
        working,
        change,
        "update scoring.dim_contacts set contact_id = 'C9'"
        " where contact_id = 'the-erased-one'",
    )
    publish_once(working)
    assert scores(working) == [7000, 7000, 7000, 4]
    if "erased" in change:
        assert b"the-erased-one" not in Shelf(working.parent).marts.read_bytes()


def test_a_published_file_that_cannot_be_read_is_replaced(working):
    publish_once(working)
    build_again(working)
    Shelf(working.parent).marts.write_bytes(b"no database")
    publish_once(working)
    assert scores(working) == [7000, 7000, 7000, 4]


def test_a_published_file_that_nobody_can_read_stops_no_run(working):
    publish_once(working)
    shelf = Shelf(working.parent)
    shelf.marts.write_bytes(b"\xa5" * 8192)
    assert last_published(shelf) is None
    finish_what_a_killed_run_began(shelf, RunLog(shelf.log))
    publish_once(working)
    assert last_published(shelf) is not None
