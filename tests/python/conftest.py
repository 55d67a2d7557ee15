"""What several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

import reference
import warehouse
from mql.sample import AS_OF, generate


@pytest.fixture(scope="session")
def seeds() -> reference.Seeds:
    """The seeds as shipped: file stem -> rows of text cells."""
    return reference.read_seeds(warehouse.ROOT)


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory) -> Path:
    """The default sample, built whole with every dbt test. Returns the DuckDB file."""
    folder = tmp_path_factory.mktemp("sample")
    generate(folder / "raw")
    built = folder / "warehouse.duckdb"
    warehouse.dbt("build", raw=folder / "raw", warehouse=built, as_of=AS_OF)
    return built
