"""Small raw tables for tests, written row by row."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import worlds
from reference import CONTRACT, Raw

START = datetime(2025, 1, 1)
DAY = timedelta(days=1)


class RawFiles:
    """Raw tables in the making. Cells not given are blank; times may be datetimes."""

    def __init__(self) -> None:
        self.raw: Raw = {table: [] for table in CONTRACT}
        self.activity_number = 0

    def add(self, table: str, **cells) -> dict[str, str]:
        """Adds a row, loaded when it happened unless said otherwise."""
        unknown = cells.keys() - set(CONTRACT[table])
        assert not unknown, f"{table} has no column {unknown}"
        row = {name: str(cells.get(name, "")) for name in CONTRACT[table]}
        if not row["loaded_at"]:
            happened = ("occurred_at", "disposed_at", "updated_at")
            row["loaded_at"] = next(
                (row[name] for name in happened if row.get(name)), str(START)
            )
        self.raw[table].append(row)
        return row

    def account(self, account_id: str, facility_type: str, state: str, **cells):
        """An American facility, known from the start."""
        return self.add(
            "accounts",
            account_id=account_id,
            account_name=account_id,
            facility_type=facility_type,
            state=state,
            country="US",
            **{"updated_at": START, **cells},
        )

    def contact(self, contact_id: str, account_id: str, **cells):
        """A contact known from the start."""
        return self.add(
            "contacts",
            contact_id=contact_id,
            account_id=account_id,
            **{"updated_at": START, "created_at": START, **cells},
        )

    def activity(self, contact_id: str, activity_type: str, at: datetime, **cells):
        """An activity with an id that follows the one before."""
        self.activity_number += 1
        return self.add(
            "activities",
            activity_id=f"a{self.activity_number:06d}",
            contact_id=contact_id,
            activity_type=activity_type,
            occurred_at=at,
            **cells,
        )

    def write(self, folder: Path) -> Path:
        """Writes the tables as CSV files. Returns the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for table, columns in CONTRACT.items():
            worlds.write_rows(folder / f"{table}.csv", columns, self.raw[table])
        return folder
