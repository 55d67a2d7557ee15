"""What happens when the raw files are not what the contract says: one clear message,
before anything is built, or a row in quarantine."""

from __future__ import annotations

import duckdb
import pytest

import warehouse
from raw_files import DAY, START, RawFiles

AS_OF = START + 100 * DAY
INTAKE = ["--select", "+fct_quarantined_records", "+fct_reconciliation"]


@pytest.fixture
def files() -> RawFiles:
    """One hospital, one contact, two activities and one row in each other table."""
    files = RawFiles()
    files.account("A1", "hospital", "NY")
    files.contact("C1", "A1", email="ada@example.org")
    files.activity("C1", "demo_request", START + DAY)
    files.activity("C1", "content_download", START + 2 * DAY, asset_name='a, "b"\nc')
    files.add("dispositions", disposition_id="D1", disposed_at=START + 9 * DAY)
    files.add(
        "opportunities",
        opportunity_id="O1",
        created_at=START + DAY,
        updated_at=START + DAY,
    )
    files.add("service_contracts", contract_id="S1", starts_on=START, updated_at=START)
    files.add("sales_reps", rep_id="R1")
    return files


def intake(raw, tmp_path) -> dict[str, dict]:
    """Runs the raw door and the quality marts. Returns reconciliation by table."""
    built = tmp_path / "warehouse.duckdb"
    warehouse.dbt(
        "build",
        "--exclude-resource-type",
        "test",
        "--exclude-resource-type",
        "unit_test",
        *INTAKE,
        raw=raw,
        warehouse=built,
        as_of=AS_OF,
    )
    found = warehouse.rows(built, "select * from quality.fct_reconciliation")
    return {row["source_table"]: row for row in found}


def message_of(raw, tmp_path) -> str:
    """What a run that must fail says; it must not have built anything."""
    built = tmp_path / "warehouse.duckdb"
    with pytest.raises(warehouse.BuildFailed) as failure:
        warehouse.dbt("build", *INTAKE, raw=raw, warehouse=built, as_of=AS_OF)
    tables = warehouse.rows(
        built,
        "select table_name from information_schema.tables"
        " where table_schema in ('scoring', 'qualification', 'quality')",
    )
    assert tables == []
    return str(failure.value)


def test_a_folder_that_does_not_exist(tmp_path):
    message = message_of(tmp_path / "nowhere", tmp_path)
    assert f"no raw files in '{tmp_path / 'nowhere'}'" in message
    assert "Set MQL_RAW_PATH" in message


def test_everything_wrong_with_the_files_is_said_at_once(files, tmp_path):
    raw = files.write(tmp_path / "raw")
    (raw / "accounts.csv").unlink()
    text = (raw / "contacts.csv").read_text()
    (raw / "contacts.csv").write_text(
        text.replace("npi", "np1").replace("role", "r0le")
    )
    message = message_of(raw, tmp_path)
    assert "accounts: neither accounts.parquet nor accounts.csv" in message
    assert "contacts: missing columns npi, role." in message


def test_a_file_without_even_a_header_misses_its_columns(files, tmp_path):
    raw = files.write(tmp_path / "raw")
    (raw / "sales_reps.csv").write_text("")
    assert "sales_reps: missing columns rep_id" in message_of(raw, tmp_path)


def test_optional_tables_may_be_missing_and_all_may_be_empty(files, tmp_path):
    raw = files.write(tmp_path / "raw")
    for table in ("dispositions", "opportunities", "service_contracts", "sales_reps"):
        (raw / f"{table}.csv").unlink()
    counts = intake(raw, tmp_path)
    assert counts["contacts"]["rows_accepted"] == 1
    assert counts["dispositions"]["rows_raw"] == 0

    counts = intake(RawFiles().write(tmp_path / "empty"), tmp_path)
    assert {row["rows_raw"] for row in counts.values()} == {0}


def test_columns_may_come_in_any_order_with_strangers_among_them(files, tmp_path):
    raw = files.write(tmp_path / "raw")
    connection = duckdb.connect()
    connection.sql(f"from read_csv('{raw}/contacts.csv', all_varchar = true)").select(
        "loaded_at, contact_id as CONTACT_ID, 'x' as favourite_colour,"
        " * exclude (loaded_at, contact_id)"
    ).write_csv(f"{raw}/contacts.csv")
    assert intake(raw, tmp_path)["contacts"]["rows_accepted"] == 1


def test_parquet_wins_and_gives_what_the_same_csv_gives(files, tmp_path):
    raw = files.write(tmp_path / "raw")
    from_csv = intake(raw, tmp_path)
    connection = duckdb.connect()
    for table in files.raw:
        # typed as a warehouse would, where the cells allow it
        connection.sql(f"from read_csv('{raw}/{table}.csv')").write_parquet(
            f"{raw}/{table}.parquet"
        )
        header = (raw / f"{table}.csv").read_text().splitlines()[0]
        (raw / f"{table}.csv").write_text(header + "\n")
    assert intake(raw, tmp_path) == from_csv
    assert from_csv["activities"]["rows_accepted"] == 2


def test_a_row_with_missing_cells_is_named_by_file_and_line(files, tmp_path):
    raw = files.write(tmp_path / "raw")
    with (raw / "activities.csv").open("a") as lines:
        lines.write("a9,C1,email_open\n")
    with pytest.raises(warehouse.BuildFailed, match="Expected Number of Columns: 12"):
        intake(raw, tmp_path)


def test_cells_that_do_not_parse_go_to_quarantine_and_nothing_is_lost(files, tmp_path):
    files.add("activities", contact_id="C1", occurred_at=START, loaded_at=START)
    files.activity("C1", "email_open", "infinity", loaded_at=START)
    files.activity("C1", "email_open", "2025-02-30", loaded_at=START)
    files.activity("C1", "moon_walk", START + DAY)
    files.activity("nobody", "email_open", START + DAY)
    files.activity("C1", "email_open", START + 5 * DAY, loaded_at=START + 3 * DAY)
    files.activity("C1", "email_open", AS_OF + DAY)
    files.add("activities", **files.raw["activities"][0])
    counts = intake(files.write(tmp_path / "raw"), tmp_path)
    assert counts["activities"] == {
        "source_table": "activities",
        "rows_raw": 10,
        "rows_accepted": 2,
        "rows_duplicate": 1,
        "rows_quarantined": 6,
        "rows_not_yet_visible": 1,
        "rows_erased": 0,
    }
    reasons = warehouse.rows(
        tmp_path / "warehouse.duckdb",
        "select reason, count(*) as n from quality.fct_quarantined_records"
        " group by reason order by reason",
    )
    assert {row["reason"]: row["n"] for row in reasons} == {
        "bad_timestamp": 2,
        "missing_key": 1,
        "occurred_in_future": 1,
        "unknown_activity_type": 1,
        "unknown_contact": 1,
    }


@pytest.mark.parametrize("as_of", ["yesterday", "2026-02-30", "2026-01-01 25:00"])
def test_an_as_of_that_is_no_time_is_refused(files, tmp_path, as_of):
    raw = files.write(tmp_path / "raw")
    with pytest.raises(warehouse.BuildFailed, match="is not a time. Write it as ISO"):
        warehouse.dbt(
            "build",
            *INTAKE,
            raw=raw,
            warehouse=tmp_path / "warehouse.duckdb",
            as_of=as_of,
        )
