"""Whether two engines built the same marts, row for row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import postgres
import warehouse

# A row of a mart, its columns by name.
Row = dict

# Under a half-life powers of two decide, and no two engines' last digit is the same: a
# threshold may be left a moment earlier or later, and a score may round the other way.
SECONDS = 1.0
POINTS = 2e-6

TABLES = """
select table_name
from information_schema.tables
where table_schema = '{schema}'
"""
HALF_LIFE_DEFINITIONS = """
select distinct definition_id
from intermediate.int_product_lines
where half_life_days is not null
"""


@dataclass(frozen=True)
class Engine:
    """A built warehouse: the rows a query gives, the tables and views of a schema."""

    rows: Callable[[str], list[Row]]
    tables: Callable[[str], list[str]]


def of_duckdb(built: Path) -> Engine:
    """A DuckDB file."""

    def rows(query: str) -> list[Row]:
        return warehouse.rows(built, query)

    return Engine(rows, lambda schema: names(rows(TABLES.format(schema=schema))))


def of_postgres(database: str) -> Engine:
    """A PostgreSQL database, by how to connect to it."""

    def rows(query: str) -> list[Row]:
        return postgres.rows(database, query)

    return Engine(rows, lambda schema: names(rows(TABLES.format(schema=schema))))


def of_spark(cluster) -> Engine:
    """A spark.Cluster."""
    return Engine(
        cluster.rows,
        lambda schema: sorted(
            row["tableName"] for row in cluster.rows(f"show tables in {schema}")
        ),
    )


def names(rows: list[Row]) -> list[str]:
    """The table names of an answer, in order."""
    return sorted(row["table_name"] for row in rows)


def mart_schemas(project: Path) -> list[str]:
    """The schemas of the marts: the folders of models/marts."""
    return sorted(
        folder.name
        for folder in (project / "models" / "marts").iterdir()
        if folder.is_dir()
    )


def is_near(one, other) -> bool:
    """Whether two cells are the same but for what a half-life may do to them."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs((one - other).total_seconds()) <= SECONDS
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= POINTS
    return one == other


def compare_rows(
    mart: str, expected: list[Row], found: list[Row], half_life: set[str]
) -> list[str]:
    """The differences between two builds of one mart, as text; none if equal.

    Rows must be the same in every cell and as often; those of a definition with a
    half-life may be a second or the last decimal apart.
    """
    if expected and found and expected[0].keys() != found[0].keys():
        return [f"{mart}: columns {list(found[0])}, expected {list(expected[0])}"]

    def key(row: Row) -> tuple:
        # with the type: True is 1 and 1 is 1.0 to Python
        return tuple((type(cell), cell) for cell in row.values())

    wanted, got = Counter(map(key, expected)), Counter(map(key, found))
    columns = list((expected or found or [{}])[0])
    missing = [
        dict(zip(columns, (cell for _, cell in row)))
        for row in (wanted - got).elements()
    ]
    unexpected = [
        dict(zip(columns, (cell for _, cell in row)))
        for row in (got - wanted).elements()
    ]
    differences = []
    for row in missing:
        near = [
            other
            for other in unexpected
            if row.get("definition_id") in half_life
            and all(is_near(row[name], other[name]) for name in columns)
        ]
        if near:
            unexpected.remove(near[0])
        else:
            differences.append(f"{mart}: missing {row}")
    return differences + [f"{mart}: unexpected {row}" for row in unexpected]


def compare(
    expected: Engine,
    found: Engine,
    schemas: list[str],
    leave_out: Collection[str] = (),
) -> list[str]:
    """All differences between the marts of two engines, as text."""

    def marts_of(engine: Engine) -> list[tuple[str, str]]:
        return [
            (schema, mart)
            for schema in schemas
            for mart in engine.tables(schema)
            if mart not in leave_out
        ]

    marts, others = marts_of(expected), marts_of(found)
    if not marts or marts != others:
        return [f"marts {others}, expected {marts}"]
    half_life = {row["definition_id"] for row in expected.rows(HALF_LIFE_DEFINITIONS)}
    differences = []
    for schema, mart in marts:
        query = f"select * from {schema}.{mart}"
        differences += compare_rows(
            mart, expected.rows(query), found.rows(query), half_life
        )
    return differences
