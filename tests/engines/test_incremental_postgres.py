"""Runs one after the other on PostgreSQL leave what one run leaves on DuckDB."""

from __future__ import annotations

import random

import equality
import postgres
import warehouse
from cases import worlds_to_build
from mql.postgres import variables_of
from test_incremental import MAY_DIFFER, moments


def test_runs_one_after_the_other_leave_what_duckdb_builds_at_once(
    case, database, tmp_path
):
    one = case(worlds_to_build()[0])
    postgres.load_raw(one.raw, database)
    for moment in moments(one.world, random.Random(1))[1:]:
        warehouse.dbt(
            *("build", "--exclude-resource-type", "test"),
            *("--exclude-resource-type", "unit_test"),
            raw=None,
            warehouse=tmp_path / "none.duckdb",
            as_of=moment,
            project=one.project,
            MQL_TARGET="postgres",
            **variables_of(database),
        )
    builds = postgres.rows(
        database,
        "select is_full from operations.builds where event = 'completed'"
        " order by build_number",
    )
    assert [row["is_full"] for row in builds] == [True, False, False]
    differences = equality.compare(
        equality.of_duckdb(one.built),
        equality.of_postgres(database),
        equality.mart_schemas(one.project),
        leave_out=MAY_DIFFER,
    )
    assert not differences, "\n".join(differences[:10])
