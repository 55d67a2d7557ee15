"""The Dagster code location: the models as assets, `mql run` around their build.

    make dagster

The build is `mql run`'s, with its lock, audits and publishing; only dbt itself is run by
dagster-dbt, so that every model and every test is seen in Dagster. See
docs/scheduling.md.
"""

import sys
import time
from pathlib import Path

import dagster
from dagster_dbt import (
    DagsterDbtTranslator,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from mql.copies import PUBLIC_SCHEMAS
from mql.operations import RunLog, now
from mql.project import ROOT, SAMPLE_FOLDER, raw_path, shelf
from mql.publish import last_published
from mql.run import attempt

# A direct request is to be answered within 4 hours; marts that are older than this cost
# too much of them.
STALE_AFTER_HOURS = 2
# A raw file that was written within so many seconds may still be being written.
SECONDS_TO_SETTLE = 30
SENSOR_SECONDS = 60

PROJECT = DbtProject(ROOT)
PROJECT.prepare_if_dev()


class RunOptions(dagster.Config):
    """The options of `mql run`. `as_of` is an ISO time, UTC; blank is now."""

    as_of: str = ""
    full_refresh: bool = False


class BySchema(DagsterDbtTranslator):
    """Shows the assets of a schema together."""

    def get_group_name(self, dbt_resource_props) -> str:
        return dbt_resource_props["schema"]


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    name="warehouse",
    dagster_dbt_translator=BySchema(),
)
def warehouse(
    context: dagster.AssetExecutionContext, dbt: DbtCliResource, config: RunOptions
):
    """Audits the raw tables, builds, audits the marts, publishes."""
    with attempt(config.as_of, config.full_refresh, context.log.warning) as this:
        this.audit_raw_tables()
        this.begin("build")
        build = dbt.cli(
            # unit tests ask about the SQL, not about this warehouse
            [*this.dbt_arguments("build"), "--exclude-resource-type", "unit_test"],
            context=context,
        )
        yield from build.stream()
        nodes = build.get_artifact("manifest.json")["nodes"]
        this.audit_and_publish(list(nodes.values()))
    context.log.info("Published %s rows.", this.run.rows_published)


def public_keys() -> list[dagster.AssetKey]:
    """The assets of the public marts."""
    return [spec.key for spec in warehouse.specs if spec.group_name in PUBLIC_SCHEMAS]


@dagster.asset(deps=public_keys(), group_name="published")
def marts() -> dagster.MaterializeResult:
    """The file that BI reads, warehouse/marts.duckdb."""
    run = last_published(shelf())
    return dagster.MaterializeResult(
        metadata={
            "path": dagster.MetadataValue.path(str(shelf().marts)),
            "as_of": str(run["as_of"]),
            "rows": run["rows_published"],
            "audit": run["audit"],
            "run": run["run_id"],
        }
    )


@dagster.asset_check(asset=marts)
def last_run_was_published() -> dagster.AssetCheckResult:
    """The last run that ended, by whomever it was started, was published."""
    run = RunLog(shelf().log).last("finished_at is not null or status = 'interrupted'")
    return dagster.AssetCheckResult(
        passed=bool(run) and run["status"] == "published",
        metadata={
            name: str(run[name] or "") if run else ""
            for name in ("run_id", "status", "phase", "audit", "error")
        },
    )


@dagster.asset_check(asset=marts)
def marts_are_fresh() -> dagster.AssetCheckResult:
    """The published marts are young enough for the service level of sales."""
    run = last_published(shelf())
    hours = (now() - run["finished_at"]).total_seconds() / 3600 if run else None
    return dagster.AssetCheckResult(
        passed=hours is not None and hours <= STALE_AFTER_HOURS,
        metadata={
            "hours_old": "nothing published" if hours is None else round(hours, 2),
            "stale_after_hours": STALE_AFTER_HOURS,
        },
    )


everything = dagster.AssetSelection.all()
# for every hour: the models; the audits are those of every run
run_job = dagster.define_asset_job(
    "run", everything - dagster.AssetSelection.all_asset_checks()
)
# for every night: dbt's data tests as well, on the whole of every table
run_and_test_job = dagster.define_asset_job("run_and_test", everything)
# looks at what there is and builds nothing
watch_job = dagster.define_asset_job(
    "watch", dagster.AssetSelection.checks_for_assets(marts)
)


def raw_files() -> tuple[str, float]:
    """The raw files as text (names, sizes, times), and when the newest was written."""
    lines, newest = [], 0.0
    for path in sorted((raw_path() or SAMPLE_FOLDER).glob("*.*")):
        if path.suffix in (".csv", ".parquet"):
            found = path.stat()
            lines.append(f"{path.name} {found.st_size} {found.st_mtime_ns}")
            newest = max(newest, found.st_mtime)
    return "; ".join(lines), newest


@dagster.sensor(job=run_job, minimum_interval_seconds=SENSOR_SECONDS)
def new_raw_files(context: dagster.SensorEvaluationContext):
    """Starts a run when raw files have changed and are whole."""
    found, newest = raw_files()
    if not found:
        return dagster.SkipReason("no raw files")
    if found == context.cursor:
        return dagster.SkipReason("the raw files are those of the last run")
    if time.time() - newest < SECONDS_TO_SETTLE:
        return dagster.SkipReason("a raw file has only just been written")
    context.update_cursor(found)
    return dagster.RunRequest()


definitions = dagster.Definitions(
    assets=[warehouse, marts],
    asset_checks=[last_run_was_published, marts_are_fresh],
    jobs=[run_job, run_and_test_job, watch_job],
    schedules=[
        dagster.ScheduleDefinition(job=run_job, cron_schedule="0 * * * *"),
        dagster.ScheduleDefinition(job=run_and_test_job, cron_schedule="30 2 * * *"),
        dagster.ScheduleDefinition(job=watch_job, cron_schedule="30 * * * *"),
    ],
    sensors=[new_raw_files],
    resources={
        "dbt": DbtCliResource(
            project_dir=PROJECT, dbt_executable=str(Path(sys.executable).parent / "dbt")
        )
    },
)
