"""The comparison itself notices what it is there to notice."""

from __future__ import annotations

from datetime import datetime

import pytest

from equality import Engine, compare, compare_rows

ROW = {
    "definition_id": "guide",
    "contact_id": "c",
    "score": 1.5,
    "is_qualified": True,
    "at": datetime(2026, 1, 1, 0, 0, 0, 5),
}


def test_equal_rows_in_any_order_are_equal():
    rows = [ROW, {**ROW, "contact_id": "d"}, ROW]
    assert compare_rows("mart", rows, rows[::-1], set()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"contact_id": "C"},
        {"contact_id": None},
        {"score": 1.500001},
        {"score": None},
        {"is_qualified": 1},
        {"at": datetime(2026, 1, 1, 0, 0, 0, 6)},
    ],
)
def test_one_cell_is_a_difference(change):
    assert len(compare_rows("mart", [ROW], [{**ROW, **change}], set())) == 2


def test_a_row_too_many_and_one_too_few_are_differences():
    assert len(compare_rows("mart", [ROW], [ROW, ROW], set())) == 1
    assert len(compare_rows("mart", [ROW, ROW], [ROW], set())) == 1


def test_only_a_half_life_may_be_a_moment_or_the_last_decimal_off():
    near = {**ROW, "score": 1.500001, "at": datetime(2026, 1, 1, 0, 0, 1)}
    assert compare_rows("mart", [ROW], [near], {"guide"}) == []
    assert len(compare_rows("mart", [ROW], [near], {"another"})) == 2
    later = {**ROW, "at": datetime(2026, 1, 1, 0, 0, 1, 6)}
    assert len(compare_rows("mart", [ROW], [later], {"guide"})) == 2
    assert len(compare_rows("mart", [ROW], [{**ROW, "score": 1.50001}], {"guide"})) == 2


def test_columns_and_marts_must_be_the_same():
    assert compare_rows("mart", [ROW], [{**ROW, "more": 1}], set())

    def engine(*marts: str) -> Engine:
        return Engine(lambda query: [], lambda schema: list(marts))

    assert compare(engine("a", "b"), engine("a", "b"), ["scoring"]) == []
    assert compare(engine("a", "b"), engine("a"), ["scoring"])
    assert compare(engine(), engine(), ["scoring"])
