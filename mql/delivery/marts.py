"""What the marts say of hand-overs now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from mql.delivery.log import COURTESY
from mql.project import (
    ROOT,
    ProjectError,
    plain_message,
    shelf,
    target,
    warehouse_path,
)

HANDOFFS = """
select
    handoff_id,
    handoff_type,
    contact_id,
    account_id,
    product_line,
    rep_id,
    lead_rep_id,
    status,
    escalated_at,
    handed_over_at,
    closed_at,
    expires_at,
    sla_due_at
from handoff.fct_mql_handoffs
where is_primary
"""

JOINED = """
select
    mql_id,
    handoff_id
from handoff.fct_mql_handoffs
where not is_primary
"""

REQUESTS = """
select
    activity_id,
    contact_id,
    account_id,
    handoff_id,
    product_line,
    rep_id,
    courtesy_status,
    occurred_at,
    courtesy_due_at,
    courtesy_response_at
from handoff.fct_direct_requests
"""

HANDOFF_DETAILS = """
select *
from handoff.fct_mql_handoffs
where is_primary and handoff_id in (select unnest(cast($ids as varchar[])))
"""

PRODUCT_LINES = """
select
    handoff_id,
    string_agg(product_line, '|' order by handed_over_at, product_line) as product_lines
from handoff.fct_mql_handoffs
where handoff_id in (select unnest(cast($ids as varchar[])))
group by handoff_id
"""

COURTESY_DETAILS = """
select *
from handoff.fct_courtesy_queue
where activity_id in (select unnest(cast($ids as varchar[])))
"""


@dataclass(frozen=True, slots=True)
class Handoff:
    """A hand-over, or a courtesy response, as the marts have it now.

    `handoff_id` of a courtesy response is made from `activity_id`, its request's, as
    the others are made from their MQL. `due_at` is when the answer is due.
    """

    handoff_id: str
    handoff_type: str
    contact_id: str | None
    account_id: str | None
    product_line: str
    rep_id: str | None
    lead_rep_id: str | None
    status: str
    escalated_at: datetime | None
    handed_over_at: datetime
    closed_at: datetime | None
    expires_at: datetime | None
    due_at: datetime
    activity_id: str | None = None

    @property
    def party(self) -> str:
        """A hash of whose it is: the person, or the account and line."""
        if self.handoff_type == "account":
            whose = f"account|{self.account_id}|{self.product_line}"
        else:
            whose = f"contact|{self.contact_id}"
        return hashlib.sha256(whose.encode()).hexdigest()[:32]

    @property
    def may_be_open_for(self) -> timedelta:
        """How long it stays open if nobody answers."""
        return (self.expires_at or datetime.max) - self.handed_over_at

    @property
    def reps(self) -> tuple:
        """The rep it goes to, and the rep who leads the work at the account."""
        return (self.rep_id, self.lead_rep_id)


@dataclass(frozen=True)
class Marts:
    """The state of all hand-overs.

    `handoffs` is by `handoff_id`. `part_of` tells of what is no hand-over of its own,
    an MQL that joined one or a request that one takes care of, which one that is.
    `as_of` is None where there is not one contact.
    """

    as_of: datetime | None
    handoffs: dict[str, Handoff]
    part_of: dict[str, str]


def courtesy_id(activity_id: str) -> str:
    """The `handoff_id` of the courtesy response to a request."""
    return hashlib.md5(f"courtesy|{activity_id}".encode()).hexdigest()


class MartReader:
    """Reads the marts; of several files, each mart from the first that has it."""

    def __init__(self, connections: list[duckdb.DuckDBPyConnection], name: str):
        self.connections = connections
        self.name = name

    def holder(self, schema: str, mart: str) -> duckdb.DuckDBPyConnection | None:
        """The connection to the file that has a mart, or None."""
        for connection in self.connections:
            if connection.execute(
                "select 1 from information_schema.tables"
                " where table_schema = ? and table_name = ?",
                [schema, mart],
            ).fetchone():
                return connection
        return None

    def rows(self, schema: str, mart: str, query: str, **parameters) -> Iterator[dict]:
        """What a query on a mart gives. Raises ProjectError where there is no such."""
        connection = self.holder(schema, mart)
        if connection is None:
            raise ProjectError(
                f"{self.name} has no {schema}.{mart}: run `make build` first."
            )
        try:
            cursor = connection.execute(query, parameters or None)
            names = [column[0] for column in cursor.description]
            while batch := cursor.fetchmany(10_000):
                for row in batch:
                    yield dict(zip(names, row))
        except duckdb.Error as error:
            raise ProjectError(
                f"{schema}.{mart} of {self.name} cannot be read:"
                f" {plain_message(str(error))}"
            ) from error

    def marts(self) -> Marts:
        """The state of all hand-overs."""
        part_of = {
            row["mql_id"]: row["handoff_id"]
            for row in self.rows("handoff", "fct_mql_handoffs", JOINED)
        }
        handoffs = {}
        for row in self.rows("handoff", "fct_mql_handoffs", HANDOFFS):
            due_at = row.pop("sla_due_at")
            handoffs[row["handoff_id"]] = Handoff(due_at=due_at, **row)
        for row in self.rows("handoff", "fct_direct_requests", REQUESTS):
            name = courtesy_id(row["activity_id"])
            if row["courtesy_status"] is None:
                if row["handoff_id"] is not None:
                    part_of[name] = row["handoff_id"]
                continue
            handoffs[name] = Handoff(
                handoff_id=name,
                handoff_type=COURTESY,
                contact_id=row["contact_id"],
                account_id=row["account_id"],
                product_line=row["product_line"],
                rep_id=row["rep_id"],
                lead_rep_id=None,
                status=row["courtesy_status"],
                escalated_at=None,
                handed_over_at=row["occurred_at"],
                closed_at=row["courtesy_response_at"],
                expires_at=None,
                due_at=row["courtesy_due_at"],
                activity_id=row["activity_id"],
            )
        as_of = next(
            self.rows(
                "scoring",
                "fct_contact_scores",
                "select as_of from scoring.fct_contact_scores limit 1",
            ),
            {"as_of": None},
        )
        return Marts(as_of["as_of"], handoffs, part_of)

    def details(self, handoffs: list[Handoff]) -> dict[str, dict]:
        """`handoff_id` -> all that the marts have on it, with its `product_lines`."""
        ids = [each.handoff_id for each in handoffs if not each.activity_id]
        lines = {
            row["handoff_id"]: row["product_lines"].split("|")
            for row in self.rows("handoff", "fct_mql_handoffs", PRODUCT_LINES, ids=ids)
        }
        details = {
            row["handoff_id"]: {**row, "product_lines": lines[row["handoff_id"]]}
            for row in self.rows(
                "handoff", "fct_mql_handoffs", HANDOFF_DETAILS, ids=ids
            )
        }
        activity_ids = [each.activity_id for each in handoffs if each.activity_id]
        for row in self.rows(
            "handoff", "fct_courtesy_queue", COURTESY_DETAILS, ids=activity_ids
        ):
            details[courtesy_id(row["activity_id"])] = {
                **row,
                "product_lines": [row["product_line"]],
            }
        return details


@contextmanager
def mart_reader() -> Iterator[MartReader]:
    """Opens the published files or, where nothing was published, the working database.

    Raises ProjectError where there is neither, or it cannot be opened.
    """
    if target() == "postgres":
        # imported late: its driver is an extra
        from mql.postgres import marts_place, opened_published

        with opened_published() as connection:
            yield MartReader([connection], marts_place())
        return
    working = warehouse_path()
    # hand-overs first: there they are whole
    paths = [path for path in (shelf().handoffs, shelf().marts) if path.exists()]
    if not shelf().handoffs.exists():
        paths = [working]
    if not paths[0].exists():
        raise ProjectError(f"{working} does not exist yet: run `make build` first.")
    connections = []
    try:
        for path in paths:
            connections.append(opened(path))
        yield MartReader(connections, str(paths[0]))
    finally:
        for connection in connections:
            connection.close()


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A file, read-only. Raises ProjectError where it cannot be opened."""
    try:
        # views of the working database read the raw files, named from the root
        settings = {"file_search_path": str(ROOT)}
        return duckdb.connect(str(path), read_only=True, config=settings)
    except duckdb.Error as error:
        raise ProjectError(
            f"{path} cannot be opened: {plain_message(str(error))}"
        ) from error
