"""The Dagster code location, materialised: `make test-dagster`."""

import os
import time
from pathlib import Path

import dagster
import duckdb
import pytest

from mql.operations import RunLog
from mql.project import shelf
from mql.sample import generate
from mql.scheduling import definitions as location

AS_OF = "2026-06-30 00:00:00"
OPTIONS = {"ops": {"warehouse": {"config": {"as_of": AS_OF}}}}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory) -> Path:
    """Raw files of a few people, and an empty warehouse."""
    folder = tmp_path_factory.mktemp("dagster")
    generate(folder / "raw", contacts=40)
    os.environ["MQL_RAW_PATH"] = str(folder / "raw")
    os.environ["MQL_WAREHOUSE_PATH"] = str(folder / "warehouse" / "mql.duckdb")
    return folder


@pytest.fixture(scope="module")
def instance():
    """Dagster's records, in memory."""
    with dagster.DagsterInstance.ephemeral() as instance:
        yield instance


def execute(name: str, instance, **arguments):
    """One job, in this process."""
    return location.definitions.resolve_job_def(name).execute_in_process(
        instance=instance, raise_on_error=False, **arguments
    )


@pytest.fixture(scope="module")
def nightly(instance):
    """The job with every check."""
    return execute("run_and_test", instance, run_config=OPTIONS)


def test_everything_is_materialised_and_published(nightly, instance):
    assert nightly.success
    made = {event.asset_key for event in nightly.get_asset_materialization_events()}
    for name in ("activity_points", "int_timeline", "fct_mqls", "marts"):
        assert name in {key.path[-1] for key in made}
    assert len(made) == len(list(location.warehouse.keys)) + 1
    connection = duckdb.connect(str(shelf().marts), read_only=True)
    (contacts, as_of) = connection.execute(
        "select (select count(*) from scoring.dim_contacts),"
        " (select max(as_of) from operations.runs where status = 'published')"
    ).fetchone()
    connection.close()
    assert contacts > 20 and str(as_of) == AS_OF
    latest = instance.get_latest_materialization_event(dagster.AssetKey("marts"))
    metadata = latest.asset_materialization.metadata
    assert metadata["run"].value == RunLog(shelf().log).last()["run_id"]


def test_dbt_tests_are_asset_checks(nightly):
    checks = nightly.get_asset_check_evaluations()
    assert len(checks) > 200
    assert [check.check_name for check in checks if not check.passed] == []
    names = {check.check_name for check in checks}
    assert {"last_run_was_published", "marts_are_fresh"} <= names


def test_the_file_comes_after_every_public_mart():
    schemas = {key.path[0] for key in location.public_keys()}
    assert {"scoring", "qualification", "handoff", "quality"} <= schemas
    assert "intermediate" not in schemas


def test_some_models_alone_are_not_published(nightly, instance):
    published = RunLog(shelf().log).last("status = 'published'")
    result = execute(
        "run",
        instance,
        run_config=OPTIONS,
        asset_selection=[dagster.AssetKey(["scoring", "dim_accounts"])],
    )
    assert not result.success
    last = RunLog(shelf().log).last()
    assert last["status"] == "failed"
    assert "was not one of every model" in last["error"]
    assert RunLog(shelf().log).last("status = 'published'") == published


def test_a_run_that_fails_is_seen_by_the_watch(nightly, instance, folder):
    activities = folder / "raw" / "activities.csv"
    whole = activities.read_bytes()
    activities.write_bytes(whole[: whole.rindex(b",")])
    try:
        result = execute("run", instance, run_config=OPTIONS)
    finally:
        activities.write_bytes(whole)
    assert not result.success
    # what is published stays, and the check says what happened
    watch = execute("watch", instance)
    checks = {check.check_name: check for check in watch.get_asset_check_evaluations()}
    assert not checks["last_run_was_published"].passed
    error = checks["last_run_was_published"].metadata["error"].value
    assert "activities_can_be_read" in error
    assert checks["marts_are_fresh"].passed
    assert execute("run", instance, run_config=OPTIONS).success
    watch = execute("watch", instance)
    assert all(check.passed for check in watch.get_asset_check_evaluations())


def test_old_marts_are_not_fresh(nightly, instance, monkeypatch):
    monkeypatch.setattr(location, "STALE_AFTER_HOURS", 0.0)
    watch = execute("watch", instance)
    passed = {c.check_name: c.passed for c in watch.get_asset_check_evaluations()}
    assert not passed["marts_are_fresh"]


def test_the_sensor_waits_for_whole_files(folder, monkeypatch):
    def tick(cursor=None):
        context = dagster.build_sensor_context(cursor=cursor)
        found = location.new_raw_files(context)
        return found, context.cursor

    moment = time.time()
    activities = folder / "raw" / "activities.csv"
    monkeypatch.setattr(location.time, "time", lambda: moment + 5)
    os.utime(activities, (moment, moment))
    assert "only just" in tick()[0].skip_message
    monkeypatch.setattr(location.time, "time", lambda: moment + 60)
    request, cursor = tick()
    assert isinstance(request, dagster.RunRequest)
    assert "those of the last run" in tick(cursor)[0].skip_message
    os.utime(activities, (moment + 1, moment + 1))
    assert isinstance(tick(cursor)[0], dagster.RunRequest)
    (folder / "nothing").mkdir()
    monkeypatch.setenv("MQL_RAW_PATH", str(folder / "nothing"))
    assert tick()[0].skip_message == "no raw files"
