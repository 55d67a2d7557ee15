"""The monthly review reads what is published on PostgreSQL as it reads the file."""

from __future__ import annotations

import json

import postgres
import test_review
import warehouse
from mql.postgres import variables_of
from mql.review import write_review


def test_the_page_is_the_same(database, tmp_path):
    marts = test_review.make(tmp_path / "marts.duckdb", test_review.small_world())
    on_duckdb = write_review(marts, tmp_path / "duckdb")
    load(marts, database)
    with warehouse.environment(MQL_TARGET="postgres", **variables_of(database)):
        on_postgres = write_review(tmp_path / "none.duckdb", tmp_path / "postgres")
    assert on_postgres.read_text() == on_duckdb.read_text()


def load(marts, database: str) -> None:
    """Publishes the marts of the review in a database, of one run."""
    connection = postgres.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("create schema marts")
        cursor.execute(
            "create table marts.runs as select 'one' as run_id, 'published' as status,"
            " localtimestamp as finished_at, %s as rows_by_table",
            [json.dumps(dict.fromkeys(test_review.models(), 1))],
        )
        cursor.execute("create table marts.deliveries (idempotency_key text)")
        for model in test_review.models():
            name = f"marts.{model.split('.')[1]}"
            rows = warehouse.rows(marts, f"select * from {model}")
            columns = test_review.columns_of(model)
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            cursor.execute(f"create table {name} ({listed})")
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"insert into {name} values ({marks})",
                [tuple(row.values()) for row in rows],
            )
    connection.close()
