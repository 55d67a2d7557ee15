"""A mart as CSV: nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv

import duckdb
import pytest

import warehouse
from mql.export import export_csv
from mql.project import ProjectError

EVIL = {
    "=1+1": "'=1+1",
    "+1-512-555-0100": "'+1-512-555-0100",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    "\tx": "'\tx",
    "\rx": "'\rx",
    "\nx": "'\nx",
    "  =1": "'  =1",
    "＝1": "'＝1",
}
HARMLESS = ["St Mary", "a=b", "a,b", 'say "hi"', "a;=1", "", "O'Neill"]


@pytest.fixture
def mart(tmp_path):
    """A warehouse with one mart; the commands read it."""
    path = tmp_path / "mql.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema scoring")
        connection.execute(
            "create table scoring.dim_accounts"
            " (number integer, name varchar, points double, seen_at timestamp)"
        )
        for number, name in enumerate([*EVIL, *HARMLESS]):
            connection.execute(
                "insert into scoring.dim_accounts values (?, ?, ?, '2026-01-01')",
                [number, name, -number - 0.5],
            )
        connection.execute("insert into scoring.dim_accounts (number) values (99)")
    with warehouse.environment(MQL_WAREHOUSE_PATH=str(path), MQL_TARGET=None):
        yield "dim_accounts"


def test_cells_are_harmless_and_otherwise_as_they_were(mart, tmp_path):
    out = tmp_path / "accounts.csv"
    assert export_csv(mart, out) == len(EVIL) + len(HARMLESS) + 1
    with open(out, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["number", "name", "points", "seen_at"]
    names = [row[1] for row in rows]
    assert names == [*EVIL.values(), *HARMLESS, ""]
    # a negative number is a number
    assert [row[2] for row in rows[:2]] == ["-0.5", "-1.5"]
    # and text stays one cell where semicolons separate
    assert '"a;=1"' in out.read_text()


def test_the_same_mart_is_the_same_file(mart, tmp_path):
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    export_csv(mart, first)
    export_csv(f"scoring.{mart}", second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["nothing", "handoff.dim_accounts", "main.x", ""])
def test_a_mart_that_is_none_is_said(mart, tmp_path, name):
    with pytest.raises(ProjectError, match="has no mart"):
        export_csv(name, tmp_path / "x.csv")


def test_a_file_that_cannot_be_written_is_said(mart, tmp_path):
    with pytest.raises(ProjectError, match="was not written"):
        export_csv(mart, tmp_path / "no folder" / "x.csv")
    kept = tmp_path / "folder"
    kept.mkdir()
    with pytest.raises(ProjectError, match="was not written"):
        export_csv(mart, kept)
    assert not list(tmp_path.glob(".*.new"))
