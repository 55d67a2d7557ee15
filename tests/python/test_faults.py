"""What may befall a run: it is killed, the disk is full, files are broken. The last good
marts stay, one message says what happened, and the next run comes out as if it had not.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from runs import Reader, Warehouse, assert_refused, differences

# Another number, other moments: MQL_FAULT_SEED=7.
SEED = int(os.environ.get("MQL_FAULT_SEED", "1"))
PHASES = ["seeds", "raw audit", "build", "copy", "mart audit", "publish"]


@pytest.fixture(scope="module")
def uninterrupted(good_run, world, tmp_path_factory) -> Warehouse:
    """What comes of the good run when nothing goes wrong."""
    warehouse = good_run.copy(tmp_path_factory.mktemp("uninterrupted") / "warehouse")
    finished = warehouse.run(world.as_of)
    assert finished.end() == 0, finished.text
    assert differences(warehouse.shelf.marts, good_run.shelf.marts)
    return warehouse


def test_killed_in_every_phase_and_run_again(warehouse, good_run, world, uninterrupted):
    """One after the other, without a good run between."""
    rng = random.Random(SEED)
    seconds = uninterrupted.seconds_in_phases()
    assert list(seconds) == ["start", *PHASES]
    for phase in [*PHASES, "build", "build"]:
        before = warehouse.log.last()["run_id"]
        started = warehouse.start("run", "--as-of", str(world.as_of))
        warehouse.wait_for(phase, started, before)
        time.sleep(rng.random() * seconds[phase])
        started.kill()
        # BI always finds a whole file: the old one, or the new one
        (as_of,) = as_of_published(warehouse.shelf.marts)
        if phase != "publish" or as_of != world.as_of:
            assert not differences(warehouse.shelf.marts, good_run.shelf.marts), phase
            assert warehouse.log.last()["status"] == "interrupted"
    finished = warehouse.run(world.as_of)
    assert finished.end() == 0, finished.text
    assert not differences(warehouse.shelf.marts, uninterrupted.shelf.marts)
    assert [path.suffix for path in warehouse.shelf.kept.iterdir()].count(
        ".making"
    ) == 0


def as_of_published(marts: Path) -> tuple:
    """The as_of of the published scores."""
    connection = duckdb.connect(str(marts), read_only=True)
    try:
        return connection.execute(
            "select distinct as_of from scoring.fct_contact_scores"
        ).fetchone()
    finally:
        connection.close()


def test_a_disk_that_is_full(warehouse, good_run, world, uninterrupted):
    # dbt's own files are smaller, what is built is larger
    # enough for what dbt writes about itself, and for nothing larger
    limit = max(path.stat().st_size for path in good_run.target.glob("*.*")) + 100_000
    full = warehouse.run(world.as_of, "--full-refresh", largest_file=limit)
    assert_refused(full, warehouse, good_run, "the disk is full", "Make room, then run")
    finished = warehouse.run(world.as_of)
    assert finished.end() == 0, finished.text
    assert not differences(warehouse.shelf.marts, uninterrupted.shelf.marts)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_raw_file_that_is_half_written(
    warehouse, good_run, world, uninterrupted, tmp_path, kind
):
    warehouse.raw = tmp_path / "raw"
    shutil.copytree(good_run.raw, warehouse.raw)
    whole = warehouse.raw / f"activities.{kind}"
    if kind == "parquet":
        duckdb.sql(
            f"from read_csv('{good_run.raw}/activities.csv', all_varchar = true)"
        ).write_parquet(str(whole))
    content = whole.read_bytes()
    # in the middle of a row, or without the table of contents at the end
    cut = content.rindex(b",", 0, len(content) * 2 // 3)
    whole.write_bytes(content[:cut])
    refused = warehouse.run(world.as_of)
    assert_refused(refused, warehouse, good_run, str(whole))
    whole.write_bytes(content)
    finished = warehouse.run(world.as_of)
    assert finished.end() == 0, finished.text
    assert not differences(warehouse.shelf.marts, uninterrupted.shelf.marts)


def test_two_runs_at_once_while_bi_reads(warehouse, good_run, world, uninterrupted):
    reader = Reader(warehouse.shelf.marts)
    before = warehouse.log.last()["run_id"]
    first = warehouse.start("run", "--as-of", str(world.as_of))
    warehouse.wait_for("build", first, before)
    second = warehouse.run(world.as_of)
    assert second.end() == 1
    at_work = warehouse.log.last()
    assert (
        f"another run is at work on this warehouse: run {at_work['run_id']}, process"
        f" {first.process.pid} on "
    ) in second.text
    status = warehouse.start("status")
    assert status.end() == 0
    assert f"At work: run {at_work['run_id']}, process" in status.text
    assert first.end() == 0, first.text
    assert not differences(warehouse.shelf.marts, uninterrupted.shelf.marts)
    seen = reader.ask("select distinct as_of from scoring.fct_contact_scores")
    assert seen == str(as_of_published(good_run.shelf.marts)[0])
    reader.close()


def test_a_lock_whose_holder_is_dead_holds_nobody(warehouse, world):
    before = warehouse.log.last()["run_id"]
    killed = warehouse.start("run", "--as-of", str(world.as_of))
    warehouse.wait_for("seeds", killed, before)
    killed.kill()
    assert before not in warehouse.shelf.lock.read_text()
    status = warehouse.start("status")
    assert status.end() == 0
    assert "At work: nobody." in status.text
    assert "interrupted in phase 'seeds'" in status.text


@pytest.mark.parametrize("where", ["header", "table"])
def test_a_working_database_that_is_damaged(warehouse, world, uninterrupted, where):
    if where == "header":
        offset = 0
    else:
        offset = place_of(warehouse.working, "operations.builds")
    with open(warehouse.working, "r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * 4096)
    finished = warehouse.run(world.as_of)
    assert finished.end() == 0, finished.text
    message = f"{warehouse.working} is damaged ("
    assert finished.text.count(message) == 1
    assert warehouse.working.with_name("mql.duckdb.broken").exists()
    # the months frozen by earlier runs among them, which are in no raw file
    assert not differences(warehouse.shelf.marts, uninterrupted.shelf.marts)


def test_months_frozen_by_a_build_that_was_not_published_were_never_reported(
    warehouse, world, uninterrupted
):
    """Its audit failed, or it was a plain dbt build: nobody has seen its figures."""
    connection = duckdb.connect(str(warehouse.working))
    connection.execute(
        "insert into funnel.fct_reported_months by name select *"
        " replace (month - interval 100 year as month, mqls + 1 as mqls)"
        " from funnel.fct_reported_months"
    )
    connection.execute("update funnel.fct_reported_months set mqls = mqls + 1")
    connection.close()
    finished = warehouse.run(world.as_of)
    assert finished.end() == 0, finished.text
    assert not differences(warehouse.shelf.marts, uninterrupted.shelf.marts)


def place_of(path: Path, table: str) -> int:
    """Where in a DuckDB file a table's first block of cells begins, in bytes."""
    connection = duckdb.connect(str(path), read_only=True)
    (block,) = connection.execute(
        f"select min(block_id) from pragma_storage_info('{table}') where block_id >= 0"
    ).fetchone()
    connection.close()
    headers = 3 * 4096
    return headers + block * 262144
