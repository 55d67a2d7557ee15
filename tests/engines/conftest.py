"""What the tests of several engines share. `make test-engines` runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

import cases
import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL whose user may make databases and roles."""
    given = os.environ.get("MQL_POSTGRES_URL", "").strip()
    if given:
        yield given
    else:
        with postgres.private_server() as private:
            yield private.url


@pytest.fixture
def database(server) -> Iterator[str]:
    """A new, empty database on the server."""
    with postgres.new_database(server) as name:
        yield name


@pytest.fixture(scope="session")
def case(tmp_path_factory) -> Callable[[int], cases.Case]:
    """The case of a seed number, laid out and built on DuckDB once."""
    made: dict[int, cases.Case] = {}

    def lay_out(seed: int) -> cases.Case:
        if seed not in made:
            made[seed] = cases.lay_out(seed, tmp_path_factory.mktemp(f"world-{seed}"))
        return made[seed]

    return lay_out
