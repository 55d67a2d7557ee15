"""What several tests share."""

from __future__ import annotations

import pytest

import reference
import warehouse


@pytest.fixture(scope="session")
def seeds() -> reference.Seeds:
    """The seeds as shipped: file stem -> rows of text cells."""
    return reference.read_seeds(warehouse.ROOT)
