"""The monthly review reads PostgreSQL as it reads the published file."""

from __future__ import annotations

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
    """Copies the marts of the review into a database."""
    connection = postgres.connect(database)
    with connection.cursor() as cursor:
        for name in test_review.models():
            rows = warehouse.rows(marts, f"select * from {name}")
            columns = test_review.columns_of(name)
            cursor.execute(f"create schema if not exists {name.split('.')[0]}")
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            cursor.execute(f"create table {name} ({listed})")
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"insert into {name} values ({marks})",
                [tuple(row.values()) for row in rows],
            )
    connection.close()
