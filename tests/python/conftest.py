"""What several tests share."""

from __future__ import annotations

from datetime import timedelta

import pytest

import reference
import runs
import warehouse as project
import worlds

# Files that take minutes, the longest first: a core that came to one of them last would
# keep the others waiting.
LONG = (
    "test_faults.py",
    "test_incremental.py",
    "test_differential.py",
    "test_newcomer.py",
    "test_properties.py",
    "test_audit.py",
    "test_run.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: tests run on several cores, a file on each."""
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONG)))


@pytest.fixture(scope="session")
def seeds() -> reference.Seeds:
    """The seeds as shipped: file stem -> rows of text cells."""
    return reference.read_seeds(project.ROOT)


@pytest.fixture(scope="session")
def world(seeds) -> worlds.World:
    """A few contacts with every kind of event."""
    return worlds.make_world(23, contacts=12, seeds=seeds)


@pytest.fixture(scope="session")
def good_run(world, tmp_path_factory) -> runs.Warehouse:
    """A warehouse after one good run, 20 days before the world's moment."""
    folder = tmp_path_factory.mktemp("good_run")
    worlds.write_world(world, folder / "raw")
    made = runs.Warehouse(folder / "warehouse", folder / "raw", folder / "target")
    finished = made.run(world.as_of - timedelta(days=20))
    assert finished.end() == 0, finished.text
    return made


@pytest.fixture
def warehouse(good_run, tmp_path) -> runs.Warehouse:
    """A copy of that, to break."""
    return good_run.copy(tmp_path / "warehouse")
