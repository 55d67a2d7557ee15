"""A Spark cluster gives the same answers, spreads the work, and outlives a worker."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import equality
import spark
import warehouse
from cases import worlds_to_build

WORLDS = worlds_to_build()


@pytest.fixture(scope="module")
def cluster() -> Iterator[spark.Cluster]:
    """One cluster for all tests; each starts from an empty catalogue."""
    with spark.private_cluster() as running:
        yield running


def differences(one, cluster: spark.Cluster) -> list[str]:
    """Between the marts of a case on DuckDB and those on the cluster."""
    return equality.compare(
        equality.of_duckdb(one.built),
        equality.of_spark(cluster),
        equality.mart_schemas(one.project),
    )


@pytest.mark.parametrize("seed", WORLDS)
def test_every_mart_equals_that_of_duckdb(seed, case, cluster, tmp_path):
    """Built with all data tests on the world of the shipped rules."""
    one = case(seed)
    cluster.reset()
    spark.load_raw(one.raw, cluster)
    with_tests = seed % 2 == 0
    spark.dbt(
        "build",
        *([] if with_tests else ["--exclude-resource-type", "test"]),
        cluster=cluster,
        folder=tmp_path,
        as_of=one.world.as_of,
        project=one.project,
    )
    found = differences(one, cluster)
    assert not found, "\n".join(found[:10])


def test_the_work_was_spread_over_both_workers(cluster):
    """After the builds above: no executor has been idle."""
    assert len(cluster.executors()) >= 2
    assert all(each["completedTasks"] > 20 for each in cluster.executors())


def test_a_server_lost_in_mid_build_is_a_message_and_a_clean_rerun(
    case, cluster, tmp_path
):
    one = case(WORLDS[0])
    cluster.reset()
    spark.load_raw(one.raw, cluster)
    with half_built(one, cluster, tmp_path) as (building, output):
        cluster.kill("thrift-server")
        # long before it would be done: nothing waits for a server that does not answer
        assert building.wait(timeout=120) == 1
    said = output.read_text()
    assert re.search("Could not connect|Connection lost|TSocket read 0 bytes", said)
    assert "Traceback" not in said
    # what it leaves of a table that it was writing: Spark writes to no such folder
    half_written = (
        cluster.folder / "warehouse/intermediate.db/int_account_qualified_standing"
    )
    half_written.mkdir(exist_ok=True)
    (half_written / "part-00000.parquet").touch()
    cluster.start("thrift-server")
    spark.wait_for(cluster)
    assert not is_built(cluster, "int_account_qualified_standing")
    cluster.answers(["create table staging.of_others using parquet as select 1 as one"])
    spark.dbt(
        "build",
        "--exclude-resource-type",
        "test",
        cluster=cluster,
        folder=tmp_path,
        as_of=one.world.as_of,
        project=one.project,
    )
    assert cluster.rows("select * from staging.of_others") == [{"one": 1}]
    found = differences(one, cluster)
    assert not found, "\n".join(found[:10])


def test_killing_a_worker_in_mid_build_changes_no_answer(case, cluster, tmp_path):
    """Comes last: it leaves the cluster with one worker."""
    one = case(WORLDS[0])
    cluster.reset()
    spark.load_raw(one.raw, cluster)
    with half_built(one, cluster, tmp_path) as (building, output):
        cluster.kill("worker-1")
        assert not is_built(cluster, "int_account_qualified_standing")
        assert building.wait() == 0, output.read_text()
    found = differences(one, cluster)
    assert not found, "\n".join(found[:10])


@contextmanager
def half_built(
    one, cluster: spark.Cluster, folder: Path
) -> Iterator[tuple[subprocess.Popen, Path]]:
    """A build at work, and the file it writes to: the scores are there, the standing is
    not."""
    output = folder / "output"
    with output.open("w") as file:
        building = subprocess.Popen(
            spark.dbt_command(
                "build",
                "--exclude-resource-type",
                "test",
                folder=folder,
                as_of=one.world.as_of,
                project=one.project,
            ),
            env=spark.dbt_environment(cluster),
            stdout=file,
            stderr=file,
        )
    try:
        while building.poll() is None and not is_built(cluster, "int_running_scores"):
            time.sleep(1)
        assert building.poll() is None, output.read_text()
        yield building, output
    finally:
        building.kill()
        building.wait()


def is_built(cluster: spark.Cluster, table: str) -> bool:
    """Whether a table of the schema `intermediate` is in the catalogue."""
    names = [row["namespace"] for row in cluster.rows("show databases")]
    return "intermediate" in names and bool(
        cluster.rows(f"show tables in intermediate like '{table}'")
    )


def test_a_statement_that_takes_too_long_is_a_message(cluster, tmp_path):
    hurried = replace(cluster, settings={"MQL_SPARK_QUERY_TIMEOUT": "0"})
    with pytest.raises(warehouse.BuildFailed, match="exceeded timeout of 0 seconds"):
        spark.dbt("build", cluster=hurried, folder=tmp_path)


def test_a_cluster_that_is_not_there_is_one_message(cluster, tmp_path):
    gone = spark.Cluster(cluster.folder, spark.free_port(), cluster.ui_port)
    with pytest.raises(warehouse.BuildFailed, match="onnect"):
        spark.dbt("build", cluster=gone, folder=tmp_path)
