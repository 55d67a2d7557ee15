"""The seven raw files, written in chunks so that memory does not grow with the sample.

Rows arrive as finished CSV lines. As CSV they are appended to the file; as Parquet each
chunk becomes a small typed file, on a second thread while the next chunk is made, and
the small files become one at the end, in the order in which rows were loaded. Nothing is
visible under its final name before everything is complete.
"""

import csv
import io
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

# The raw tables and their columns, in the order of the contract, with the type that a
# column has in Parquet.
TABLES: dict[str, dict[str, str]] = {
    "contacts": {
        "contact_id": "varchar",
        "updated_at": "timestamp",
        "created_at": "timestamp",
        "email": "varchar",
        "first_name": "varchar",
        "last_name": "varchar",
        "phone": "varchar",
        "job_title": "varchar",
        "npi": "varchar",
        "specialty": "varchar",
        "role": "varchar",
        "account_id": "varchar",
        "state": "varchar",
        "country": "varchar",
        "is_deleted": "boolean",
        "loaded_at": "timestamp",
    },
    "accounts": {
        "account_id": "varchar",
        "account_name": "varchar",
        "facility_type": "varchar",
        "bed_count": "integer",
        "state": "varchar",
        "country": "varchar",
        "parent_account_id": "varchar",
        "owner_rep_id": "varchar",
        "updated_at": "timestamp",
        "loaded_at": "timestamp",
    },
    "activities": {
        "activity_id": "varchar",
        "contact_id": "varchar",
        "activity_type": "varchar",
        "occurred_at": "timestamp",
        "page_url": "varchar",
        "asset_name": "varchar",
        "topic": "varchar",
        "product_line": "varchar",
        "message_id": "varchar",
        "campaign": "varchar",
        "is_machine": "boolean",
        "loaded_at": "timestamp",
    },
    "dispositions": {
        "disposition_id": "varchar",
        "contact_id": "varchar",
        "account_id": "varchar",
        "product_line": "varchar",
        "rep_id": "varchar",
        "outcome": "varchar",
        "reason_code": "varchar",
        "reason_text": "varchar",
        "disposed_at": "timestamp",
        "loaded_at": "timestamp",
    },
    "opportunities": {
        "opportunity_id": "varchar",
        "account_id": "varchar",
        "contact_id": "varchar",
        "product_line": "varchar",
        "stage": "varchar",
        "amount_usd": "double",
        "created_at": "timestamp",
        "closed_at": "timestamp",
        "is_won": "boolean",
        "updated_at": "timestamp",
        "loaded_at": "timestamp",
    },
    "service_contracts": {
        "contract_id": "varchar",
        "account_id": "varchar",
        "provider": "varchar",
        "starts_on": "date",
        "ends_on": "date",
        "updated_at": "timestamp",
        "loaded_at": "timestamp",
    },
    "sales_reps": {
        "rep_id": "varchar",
        "rep_name": "varchar",
        "rep_email": "varchar",
        "monthly_capacity": "integer",
        "is_active": "boolean",
        "loaded_at": "timestamp",
    },
}

CHUNK_ROWS = 200_000


def csv_line(cells: tuple) -> str:
    """One CSV line, quoted where needed; None and '' are empty cells."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


class Writer:
    """Collects CSV lines per table and writes them chunk by chunk."""

    def __init__(self, folder: str | Path, file_format: str, chunk_rows: int):
        if file_format not in ("csv", "parquet"):
            raise ValueError(f"file format '{file_format}' is neither csv nor parquet")
        self.folder = Path(folder)
        self.file_format = file_format
        self.chunk_rows = max(1, chunk_rows)
        self.rows = dict.fromkeys(TABLES, 0)
        self._lines: dict[str, list[str]] = {table: [] for table in TABLES}
        self._chunks = dict.fromkeys(TABLES, 0)
        # hidden, so that a reader of the folder never takes a half-written file
        self._workshop = self.folder / ".sample-in-the-making"
        self._converter: ThreadPoolExecutor | None = None
        self._conversion: Future | None = None

    def __enter__(self) -> Self:
        shutil.rmtree(self._workshop, ignore_errors=True)
        self._workshop.mkdir(parents=True)
        if self.file_format == "parquet":
            self._converter = ThreadPoolExecutor(max_workers=1)
        return self

    def __exit__(self, failure_type, failure, trace) -> None:
        try:
            if failure_type is None:
                self._finish()
        finally:
            if self._converter:
                self._converter.shutdown()
            shutil.rmtree(self._workshop, ignore_errors=True)

    def add(self, table: str, lines: list[str]) -> None:
        """Takes finished CSV lines; writes them once a chunk is full."""
        waiting = self._lines[table]
        waiting.extend(lines)
        if len(waiting) >= self.chunk_rows:
            self._flush(table)

    def add_cells(self, table: str, cells: tuple) -> None:
        """Takes one row as cells."""
        self.add(table, [csv_line(cells)])

    def _flush(self, table: str) -> None:
        lines = self._lines[table]
        self._lines[table] = []
        self.rows[table] += len(lines)
        number = self._chunks[table]
        self._chunks[table] += 1
        if self.file_format == "csv":
            path = self._workshop / f"{table}.csv"
            with path.open("a", encoding="utf-8", newline="") as file:
                if number == 0:
                    file.write(",".join(TABLES[table]) + "\n")
                if lines:
                    file.write("\n".join(lines) + "\n")
            return
        path = self._workshop / f"{table}-{number:06d}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(TABLES[table]) + "\n")
            if lines:
                file.write("\n".join(lines) + "\n")
        # one chunk at a time is on its way, so that they cannot pile up
        if self._conversion:
            self._conversion.result()
        self._conversion = self._converter.submit(_chunk_to_parquet, table, path)

    def _finish(self) -> None:
        for table in TABLES:
            if self._lines[table] or self._chunks[table] == 0:
                self._flush(table)
        if self._conversion:
            self._conversion.result()
        if self.file_format == "parquet":
            for table in TABLES:
                _join_parquet(self._workshop, table)
        other_format = "csv" if self.file_format == "parquet" else "parquet"
        for table in TABLES:
            name = f"{table}.{self.file_format}"
            (self._workshop / name).replace(self.folder / name)
            # Parquet wins where both lie: an older sample would hide this one
            (self.folder / f"{table}.{other_format}").unlink(missing_ok=True)


def _connect():
    # imported here: writing CSV needs nothing but Python
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '1GB'")
    return connection


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _chunk_to_parquet(table: str, path: Path) -> None:
    # try_cast: a cell that is no time or number, as a few planted ones, becomes null
    columns = ", ".join(
        f"try_cast({name} as {kind}) as {name}" for name, kind in TABLES[table].items()
    )
    with _connect() as connection:
        connection.execute(
            f"copy (select {columns} from read_csv({_quoted(path)}, header = true,"
            " all_varchar = true, delim = ',', quote = '\"', escape = '\"'))"
            f" to {_quoted(path.with_suffix('.parquet'))} (format parquet)"
        )
    path.unlink()


def _join_parquet(folder: Path, table: str) -> None:
    parts = sorted(folder.glob(f"{table}-*.parquet"))
    target = folder / f"{table}.parquet"
    listing = ", ".join(_quoted(part) for part in parts)
    key = next(iter(TABLES[table]))
    with _connect() as connection:
        # a warehouse holds rows as they were loaded, not contact by contact
        connection.execute(f"set temp_directory = {_quoted(folder / 'sorting')}")
        connection.execute(
            f"copy (select * from read_parquet([{listing}])"
            f" order by loaded_at, {key}) to {_quoted(target)} (format parquet)"
        )
    for part in parts:
        part.unlink()
