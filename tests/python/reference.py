"""The scoring rules in plain Python: sections 1-9, 11 and 12 of scoring-rules.md.

This file is the second, independent reading of the rules. It is written for a
reader with the rules beside it: every function is one rule, named after it, and
everything a rule says about a moment `t` is a function of `t`. Nothing is
incremental and nothing is fast; the warehouse must agree with it.

Shapes and units used throughout

- a moment is a naive `datetime` in UTC; a length of time is a `timedelta`, a day
  24 hours (T1);
- a raw row is a dict of text cells, as `csv.DictReader` gives it; None and blank
  text are the same;
- scores are floats, compared and shown rounded to 6 decimals;
- ids are compared byte by byte (A7), see `byte_order`.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

Row = dict[str, str | None]
Raw = dict[str, list[Row]]
Seeds = dict[str, list[dict[str, str]]]
Mart = list[dict[str, Any]]

ALL_LINES = "*"
ALL_STATES = "*"
GENERAL = "general"
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

# Columns in contract order (tables.md, "Raw inputs"); the order decides A1's last tie.
CONTRACT: dict[str, tuple[str, ...]] = {
    "contacts": (
        "contact_id",
        "updated_at",
        "created_at",
        "email",
        "first_name",
        "last_name",
        "phone",
        "job_title",
        "npi",
        "specialty",
        "role",
        "account_id",
        "state",
        "country",
        "is_deleted",
        "loaded_at",
    ),
    "accounts": (
        "account_id",
        "account_name",
        "facility_type",
        "bed_count",
        "state",
        "country",
        "parent_account_id",
        "owner_rep_id",
        "updated_at",
        "loaded_at",
    ),
    "activities": (
        "activity_id",
        "contact_id",
        "activity_type",
        "occurred_at",
        "page_url",
        "asset_name",
        "topic",
        "product_line",
        "message_id",
        "campaign",
        "is_machine",
        "loaded_at",
    ),
    "dispositions": (
        "disposition_id",
        "contact_id",
        "account_id",
        "product_line",
        "rep_id",
        "outcome",
        "reason_code",
        "reason_text",
        "disposed_at",
        "loaded_at",
    ),
    "opportunities": (
        "opportunity_id",
        "account_id",
        "contact_id",
        "product_line",
        "stage",
        "amount_usd",
        "created_at",
        "closed_at",
        "is_won",
        "updated_at",
        "loaded_at",
    ),
    "service_contracts": (
        "contract_id",
        "account_id",
        "provider",
        "starts_on",
        "ends_on",
        "updated_at",
        "loaded_at",
    ),
    "sales_reps": (
        "rep_id",
        "rep_name",
        "rep_email",
        "monthly_capacity",
        "is_active",
        "loaded_at",
    ),
}


# --------------------------------------------------------------------------------
# Reading files and cells
# --------------------------------------------------------------------------------


def read_csv_folder(path: str | Path) -> Raw:
    """Read the raw CSV files of a folder; a file that is not there is no key."""
    raw: Raw = {}
    for table in CONTRACT:
        file = Path(path) / f"{table}.csv"
        if file.exists():
            with file.open(newline="", encoding="utf-8") as lines:
                raw[table] = list(csv.DictReader(lines))
    return raw


def read_seeds(root: str | Path) -> Seeds:
    """Read `seeds/definition/*.csv` and `seeds/vocabulary/*.csv` under `root`."""
    seeds: Seeds = {}
    for folder in ("definition", "vocabulary"):
        for file in sorted((Path(root) / "seeds" / folder).glob("*.csv")):
            with file.open(newline="", encoding="utf-8") as lines:
                seeds[file.stem] = list(csv.DictReader(lines))
    return seeds


def is_blank(cell: str | None) -> bool:
    """Whether a cell holds nothing: null, empty, or only blanks."""
    return cell is None or cell.strip() == ""


def text(cell: str | None) -> str | None:
    """The cell as written, or None where it is blank."""
    return None if is_blank(cell) else cell


def matched_text(cell: str | None) -> str | None:
    """Section 12: text matched without case and without blanks at its ends."""
    return None if is_blank(cell) else cell.strip().lower()


def in_capitals(cell: str | None) -> str | None:
    """A state or country as the marts show it: in capitals, no blanks at the ends."""
    return None if is_blank(cell) else cell.strip().upper()


def byte_order(cell: str | None) -> bytes:
    """A7: the key that orders text byte by byte; blank text comes first."""
    return (cell or "").encode("utf-8")


TIMESTAMP = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?"
    r"(Z|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)


def t1_timestamp(cell: str | None) -> datetime | None:
    """T1: a text cell as a UTC moment, None where it does not parse.

    Accepts 'YYYY-MM-DD[ T]HH:MM[:SS[.ffffff]][Z|+hh:mm]' and a plain date.
    """
    match = TIMESTAMP.fullmatch(cell or "")
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")),
        )
        if zone and zone != "Z":
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
            moment = moment - shift if zone[0] == "+" else moment + shift
    except (ValueError, OverflowError):
        return None
    return moment


def boolean(cell: str | None) -> bool:
    """A boolean cell: true, t, 1, yes, y in any case are true, all else is false."""
    return (cell or "").lower() in {"true", "t", "1", "yes", "y"}


NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def raw_number(cell: str | None) -> float | None:
    """A number of a raw row such as `amount_usd`; what is no number is unknown."""
    stripped = (cell or "").strip()
    value = float(stripped) if NUMBER.fullmatch(stripped) else None
    return value if value is not None and isfinite(value) else None


def whole_number(cell: str | None) -> int | None:
    """A count of a raw row such as `bed_count`; a part of one is unknown."""
    value = raw_number(cell)
    return int(value) if value is not None and value == int(value) else None


def number(cell: str | None) -> float | None:
    """A number of a seed; blank is None."""
    return None if is_blank(cell) else float(cell)


def days(cell: str | None) -> timedelta | None:
    """A number of days of a seed as a length of time; blank is None."""
    count = number(cell)
    return None if count is None else timedelta(days=count)


def rounded(score: float) -> float:
    """Section 7: comparisons use scores rounded to 6 decimals."""
    return round(score, 6) + 0.0


def like(pattern: str, value: str) -> bool:
    """SQL LIKE: `%` is any run of characters, `_` any one."""
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


# --------------------------------------------------------------------------------
# Section 1 and 11: what a run may see, and what becomes of every raw row
# --------------------------------------------------------------------------------

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
ERASED = "erased"
NOT_YET_VISIBLE = "not_yet_visible"
MISSING_KEY = "missing_key"
BAD_TIMESTAMP = "bad_timestamp"
OCCURRED_IN_FUTURE = "occurred_in_future"
UNKNOWN_ACTIVITY_TYPE = "unknown_activity_type"
UNKNOWN_CONTACT = "unknown_contact"
QUARANTINE_REASONS = {
    MISSING_KEY,
    BAD_TIMESTAMP,
    OCCURRED_IN_FUTURE,
    UNKNOWN_ACTIVITY_TYPE,
    UNKNOWN_CONTACT,
}


@dataclass(frozen=True)
class TableRules:
    """How section 11 reads one raw table.

    key_cells must not be blank; times must parse; optional times may be blank but,
    where filled, must parse; own_time is the time T2 compares with `as_of`.
    """

    key_cells: tuple[str, ...]
    times: tuple[str, ...]
    optional_times: tuple[str, ...] = ()
    own_time: str | None = None
    identity: tuple[str, ...] = ()
    latest_by: tuple[str, ...] = ("loaded_at",)


TABLES = {
    "contacts": TableRules(
        key_cells=("contact_id",),
        times=("updated_at", "created_at", "loaded_at"),
        own_time="updated_at",
        identity=("contact_id", "updated_at"),
    ),
    "accounts": TableRules(
        key_cells=("account_id",),
        times=("updated_at", "loaded_at"),
        own_time="updated_at",
        identity=("account_id", "updated_at"),
    ),
    "activities": TableRules(
        key_cells=("activity_id", "contact_id"),
        times=("occurred_at", "loaded_at"),
        own_time="occurred_at",
        identity=("activity_id",),
        latest_by=("loaded_at", "occurred_at"),
    ),
    "dispositions": TableRules(
        key_cells=("disposition_id",),
        times=("disposed_at", "loaded_at"),
        own_time="disposed_at",
        identity=("disposition_id",),
    ),
    "opportunities": TableRules(
        key_cells=("opportunity_id",),
        times=("created_at", "updated_at", "loaded_at"),
        optional_times=("closed_at",),
        own_time="updated_at",
        identity=("opportunity_id",),
        latest_by=("updated_at", "loaded_at"),
    ),
    "service_contracts": TableRules(
        key_cells=("contract_id",),
        times=("starts_on", "updated_at", "loaded_at"),
        optional_times=("ends_on",),
        own_time="updated_at",
        identity=("contract_id",),
        latest_by=("updated_at", "loaded_at"),
    ),
    "sales_reps": TableRules(
        key_cells=("rep_id",),
        times=("loaded_at",),
        identity=("rep_id",),
    ),
}


@dataclass
class RawRow:
    """One raw row, its parsed times, and what section 11 says of it."""

    cells: Row
    times: dict[str, datetime | None]
    status: str


def section_11_first_checks(
    table: str, row: Row, as_of: datetime, known_types: set[str]
) -> RawRow:
    """Section 11: the checks that need one row only, in their order.

    missing_key, bad_timestamp, not yet visible by `loaded_at`, occurred_in_future,
    not yet visible by its own time (T2), unknown_activity_type; the second and
    third to last are asked of activities only.
    """
    rules = TABLES[table]
    times = {
        name: t1_timestamp(row.get(name))
        for name in (*rules.times, *rules.optional_times)
    }

    def status() -> str:
        if any(is_blank(row.get(name)) for name in rules.key_cells):
            return MISSING_KEY
        if any(times[name] is None for name in rules.times):
            return BAD_TIMESTAMP
        for name in rules.optional_times:
            if times[name] is None and not is_blank(row.get(name)):
                return BAD_TIMESTAMP
        if times["loaded_at"] > as_of:
            return NOT_YET_VISIBLE
        is_activity = table == "activities"
        if is_activity and times["occurred_at"] > times["loaded_at"] + DAY:
            return OCCURRED_IN_FUTURE
        if rules.own_time and times[rules.own_time] > as_of:
            return NOT_YET_VISIBLE
        if is_activity and row.get("activity_type") not in known_types:
            return UNKNOWN_ACTIVITY_TYPE
        return ACCEPTED

    return RawRow(row, times, status())


def a1_duplicates(table: str, rows: list[RawRow]) -> None:
    """A1 and tables.md: mark all but one of the accepted rows with one identity.

    The one kept is the latest (for activities by `loaded_at`, then `occurred_at`;
    for versions by `loaded_at`; else by `updated_at`, then `loaded_at`), then the
    row whose columns, in contract order, are byte-wise greatest.
    """
    rules = TABLES[table]
    groups: dict[tuple, list[RawRow]] = defaultdict(list)
    for row in rows:
        if row.status == ACCEPTED:
            identity = (row.times.get(name, row.cells[name]) for name in rules.identity)
            groups[tuple(identity)].append(row)

    def rank(row: RawRow) -> tuple:
        columns = tuple(byte_order(row.cells.get(name)) for name in CONTRACT[table])
        return tuple(row.times[name] for name in rules.latest_by), columns

    for group in groups.values():
        kept = max(group, key=rank)
        for row in group:
            if row is not kept:
                row.status = DUPLICATE


def section_11_erased_contacts(contact_rows: list[RawRow]) -> set[str]:
    """Section 11: contacts whose latest version says `is_deleted`."""
    latest: dict[str, RawRow] = {}
    for row in contact_rows:
        if row.status == ACCEPTED:
            contact_id = row.cells["contact_id"]
            known = latest.get(contact_id)
            if known is None or row.times["updated_at"] > known.times["updated_at"]:
                latest[contact_id] = row
    return {
        contact_id
        for contact_id, row in latest.items()
        if boolean(row.cells.get("is_deleted"))
    }


def section_11_intake(
    raw: Raw, seeds: Seeds, as_of: datetime
) -> dict[str, list[RawRow]]:
    """Section 11: what becomes of every raw row of every table."""
    known_types = {row["activity_type"] for row in seeds["activity_types"]}
    seen: dict[str, list[RawRow]] = {}
    for table in TABLES:
        seen[table] = [
            section_11_first_checks(table, row, as_of, known_types)
            for row in raw.get(table, [])
        ]
        a1_duplicates(table, seen[table])

    erased = section_11_erased_contacts(seen["contacts"])
    known = {
        row.cells["contact_id"] for row in seen["contacts"] if row.status == ACCEPTED
    }
    for table in ("contacts", "activities"):
        for row in seen[table]:
            if row.status == ACCEPTED and row.cells["contact_id"] in erased:
                row.status = ERASED
    for row in seen["activities"]:
        if row.status == ACCEPTED and row.cells["contact_id"] not in known:
            row.status = UNKNOWN_CONTACT
    return seen


def section_11_reconciliation(seen: dict[str, list[RawRow]]) -> Mart:
    """Section 11: per source, raw rows = the sum of what became of them."""
    mart = []
    for table, rows in seen.items():
        count = Counter(row.status for row in rows)
        mart.append(
            {
                "source_table": table,
                "rows_raw": len(rows),
                "rows_accepted": count[ACCEPTED],
                "rows_duplicate": count[DUPLICATE],
                "rows_quarantined": sum(count[why] for why in QUARANTINE_REASONS),
                "rows_not_yet_visible": count[NOT_YET_VISIBLE],
                "rows_erased": count[ERASED],
            }
        )
    return mart


def section_11_quarantine(seen: dict[str, list[RawRow]]) -> Mart:
    """Section 11: the rows refused, with the first reason that applies.

    `raw_record` holds the cells by column, blank text being none. The key of an erased
    contact is a trace of it, so a refused version has none; and so is what the source
    wrote about it, in whatever table.
    """
    erased = {
        row.cells["contact_id"]
        for row in seen.get("contacts", [])
        if row.status == ERASED
    }

    def record_key(table: str, row: RawRow) -> str | None:
        key = text(row.cells.get(CONTRACT[table][0]))
        return None if table == "contacts" and key in erased else key

    def raw_record(table: str, row: RawRow) -> Row | None:
        if "contact_id" in CONTRACT[table] and row.cells.get("contact_id") in erased:
            return None
        return {column: row.cells.get(column) or None for column in CONTRACT[table]}

    return [
        {
            "source_table": table,
            "record_key": record_key(table, row),
            "reason": row.status,
            "raw_record": raw_record(table, row),
            "loaded_at": row.times["loaded_at"],
        }
        for table, rows in seen.items()
        for row in rows
        if row.status in QUARANTINE_REASONS
    ]


# --------------------------------------------------------------------------------
# The accepted rows as things
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ContactVersion:
    """What was known of a contact from `updated_at` on."""

    contact_id: str
    updated_at: datetime
    created_at: datetime
    loaded_at: datetime
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    job_title: str | None
    npi: str | None
    specialty: str | None
    role: str | None
    account_id: str | None
    state: str | None
    country: str | None


@dataclass(frozen=True)
class AccountVersion:
    """What was known of an account from `updated_at` on."""

    account_id: str
    updated_at: datetime
    loaded_at: datetime
    account_name: str | None
    parent_account_id: str | None
    owner_rep_id: str | None
    facility_type: str | None
    bed_count: int | None
    state: str | None
    country: str | None


@dataclass(frozen=True)
class Activity:
    """One accepted activity, as the source wrote it."""

    activity_id: str
    contact_id: str
    activity_type: str
    occurred_at: datetime
    loaded_at: datetime
    page_url: str | None
    asset_name: str | None
    topic: str | None
    product_line: str | None
    message_id: str | None
    campaign: str | None
    is_machine: bool


@dataclass(frozen=True)
class Disposition:
    """A rep's verdict."""

    disposition_id: str
    contact_id: str | None
    account_id: str | None
    product_line: str | None
    rep_id: str | None
    outcome: str | None
    reason_code: str | None
    reason_text: str | None
    disposed_at: datetime
    loaded_at: datetime


@dataclass(frozen=True)
class Opportunity:
    """A deal; open from `created_at` until `closed_at` (None = still open)."""

    opportunity_id: str
    account_id: str | None
    contact_id: str | None
    product_line: str | None
    stage: str | None
    amount_usd: float | None
    is_won: bool
    created_at: datetime
    closed_at: datetime | None

    def is_open(self, t: datetime) -> bool:
        """Q7: open at `t`."""
        return self.created_at <= t and (self.closed_at is None or t < self.closed_at)

    def is_closed(self, t: datetime) -> bool:
        """Q7: closed at or before `t`."""
        return (
            self.created_at <= t and self.closed_at is not None and self.closed_at <= t
        )


@dataclass(frozen=True)
class ServiceContract:
    """A service contract of an account; no end means still in force."""

    account_id: str | None
    provider: str | None
    starts_on: datetime
    ends_on: datetime | None

    def is_in_force(self, t: datetime) -> bool:
        """F5: `starts_on <= t < ends_on`, dates being midnight UTC."""
        return self.starts_on <= t and (self.ends_on is None or t < self.ends_on)


class Versions:
    """The versions of one contact or account, in time order."""

    def __init__(self, versions: Iterable[Any]) -> None:
        self.all = sorted(versions, key=lambda version: version.updated_at)
        self.instants = [version.updated_at for version in self.all]

    def at(self, t: datetime) -> Any:
        """Section 6: the version at `t`; the first also covers the time before it."""
        return self.all[max(0, bisect_right(self.instants, t) - 1)]

    def has_one_at(self, t: datetime) -> bool:
        """Whether a version begins exactly at `t`."""
        index = bisect_left(self.instants, t)
        return index < len(self.instants) and self.instants[index] == t


@dataclass
class Facts:
    """Everything the run sees (T2), arranged for asking."""

    as_of: datetime
    contacts: dict[str, Versions]
    accounts: dict[str, Versions]
    activities: dict[str, list[Activity]] = field(default_factory=dict)
    dispositions: dict[str, list[Disposition]] = field(default_factory=dict)
    account_dispositions: dict[str, list[Disposition]] = field(default_factory=dict)
    contact_opportunities: dict[str, list[Opportunity]] = field(default_factory=dict)
    account_opportunities: dict[str, list[Opportunity]] = field(default_factory=dict)
    contracts: dict[str, list[ServiceContract]] = field(default_factory=dict)


def grouped(things: Iterable[Any], name: str) -> dict[str, list[Any]]:
    """Things by the text of one attribute, those where it is blank left out."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for thing in things:
        if getattr(thing, name) is not None:
            groups[getattr(thing, name)].append(thing)
    return dict(groups)


def t2_facts(seen: dict[str, list[RawRow]], as_of: datetime) -> Facts:
    """T2: the accepted rows of the run as things."""

    def accepted(table: str) -> Iterator[tuple[Row, dict[str, datetime | None]]]:
        for row in seen[table]:
            if row.status == ACCEPTED:
                yield row.cells, row.times

    contacts = [
        ContactVersion(
            contact_id=cells["contact_id"],
            updated_at=times["updated_at"],
            created_at=times["created_at"],
            loaded_at=times["loaded_at"],
            email=text(cells.get("email")),
            first_name=text(cells.get("first_name")),
            last_name=text(cells.get("last_name")),
            phone=text(cells.get("phone")),
            job_title=text(cells.get("job_title")),
            npi=text(cells.get("npi")),
            specialty=text(cells.get("specialty")),
            role=text(cells.get("role")),
            account_id=text(cells.get("account_id")),
            state=text(cells.get("state")),
            country=text(cells.get("country")),
        )
        for cells, times in accepted("contacts")
    ]
    accounts = [
        AccountVersion(
            account_id=cells["account_id"],
            updated_at=times["updated_at"],
            loaded_at=times["loaded_at"],
            account_name=text(cells.get("account_name")),
            parent_account_id=text(cells.get("parent_account_id")),
            owner_rep_id=text(cells.get("owner_rep_id")),
            facility_type=text(cells.get("facility_type")),
            bed_count=whole_number(cells.get("bed_count")),
            state=text(cells.get("state")),
            country=text(cells.get("country")),
        )
        for cells, times in accepted("accounts")
    ]
    activities = [
        Activity(
            activity_id=cells["activity_id"],
            contact_id=cells["contact_id"],
            activity_type=cells["activity_type"],
            occurred_at=times["occurred_at"],
            loaded_at=times["loaded_at"],
            page_url=text(cells.get("page_url")),
            asset_name=text(cells.get("asset_name")),
            topic=text(cells.get("topic")),
            product_line=text(cells.get("product_line")),
            message_id=text(cells.get("message_id")),
            campaign=text(cells.get("campaign")),
            is_machine=boolean(cells.get("is_machine")),
        )
        for cells, times in accepted("activities")
    ]
    dispositions = [
        Disposition(
            disposition_id=cells["disposition_id"],
            contact_id=text(cells.get("contact_id")),
            account_id=text(cells.get("account_id")),
            product_line=text(cells.get("product_line")),
            rep_id=text(cells.get("rep_id")),
            outcome=text(cells.get("outcome")),
            reason_code=text(cells.get("reason_code")),
            reason_text=text(cells.get("reason_text")),
            disposed_at=times["disposed_at"],
            loaded_at=times["loaded_at"],
        )
        for cells, times in accepted("dispositions")
    ]
    opportunities = [
        Opportunity(
            opportunity_id=cells["opportunity_id"],
            account_id=text(cells.get("account_id")),
            contact_id=text(cells.get("contact_id")),
            product_line=text(cells.get("product_line")),
            stage=text(cells.get("stage")),
            amount_usd=raw_number(cells.get("amount_usd")),
            is_won=boolean(cells.get("is_won")),
            created_at=times["created_at"],
            closed_at=times["closed_at"],
        )
        for cells, times in accepted("opportunities")
    ]
    contracts = [
        ServiceContract(
            account_id=text(cells.get("account_id")),
            provider=text(cells.get("provider")),
            starts_on=times["starts_on"],
            ends_on=times["ends_on"],
        )
        for cells, times in accepted("service_contracts")
    ]
    by_contact = grouped(contacts, "contact_id")
    by_account = grouped(accounts, "account_id")
    return Facts(
        as_of=as_of,
        contacts={key: Versions(by_contact[key]) for key in sorted(by_contact)},
        accounts={key: Versions(by_account[key]) for key in sorted(by_account)},
        activities={
            contact_id: a7_in_order(theirs)
            for contact_id, theirs in grouped(activities, "contact_id").items()
        },
        dispositions=grouped(dispositions, "contact_id"),
        account_dispositions=grouped(
            (one for one in dispositions if one.contact_id is None), "account_id"
        ),
        contact_opportunities=grouped(opportunities, "contact_id"),
        account_opportunities=grouped(opportunities, "account_id"),
        contracts=grouped(contracts, "account_id"),
    )


def a7_in_order(activities: Iterable[Activity]) -> list[Activity]:
    """A7: in time order, at one instant by `activity_id` byte by byte."""
    return sorted(
        activities, key=lambda one: (one.occurred_at, byte_order(one.activity_id))
    )


# --------------------------------------------------------------------------------
# Section 2 and 3: a definition and its rows
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class PointsRow:
    """A row of `activity_points`."""

    points: float
    is_engagement: bool
    is_direct_request: bool
    is_disqualifying: bool
    is_opt_in: bool
    score_once_per_asset: bool
    max_scored_per_day: int | None


@dataclass(frozen=True)
class Criteria:
    """A row of `qualification_criteria`: what one line asks."""

    min_fit_score: float | None
    min_total_score: float | None
    min_engagement_score: float | None
    requires_specialty: bool
    min_bed_count: float | None
    requires_target_facility: bool
    allowed_role_classes: frozenset[str]
    requires_covered_geography: bool
    requires_service_signal: bool
    service_window: timedelta | None
    direct_request_window: timedelta | None
    max_silence: timedelta | None
    account_min_engagement: float | None
    account_min_contacts: float | None
    account_contact_min_engagement: float | None


@dataclass(frozen=True)
class PageRule:
    """A row of `page_rules`."""

    url_pattern: str
    activity_type: str
    product_line: str | None


class Vocabulary:
    """The unversioned words: specialties, roles, title patterns, facility types."""

    def __init__(self, seeds: Seeds) -> None:
        self.specialty_of: dict[str, str] = {}
        for column in ("nucc_code", "specialty_name", "specialty"):
            for row in seeds["specialties"]:
                word = matched_text(row.get(column))
                if word is not None:
                    self.specialty_of[word] = row["specialty"]
        self.role_of = {
            matched_text(row["role"]): row["role"] for row in seeds["roles"]
        }
        self.clinical_roles = {
            row["role"] for row in seeds["roles"] if boolean(row["is_clinical"])
        }
        self.title_patterns = sorted(
            (int(row["priority"]), row["title_pattern"], row["role"])
            for row in seeds["role_title_patterns"]
        )
        self.facility_type_of = {
            matched_text(row["facility_type"]): row["facility_type"]
            for row in seeds["facility_types"]
        }

    def f1_specialty(self, raw: str | None) -> str | None:
        """F1: the specialty a raw code, name or NUCC code stands for, else None."""
        return self.specialty_of.get(matched_text(raw) or "")

    def f2_role(self, raw: str | None, job_title: str | None) -> str | None:
        """F2: the raw role, or where blank or unknown the first title pattern."""
        known = self.role_of.get(matched_text(raw) or "")
        if known is not None:
            return known
        if job_title is None:
            return None
        words = f2_title_words(job_title)
        for _, pattern, role in self.title_patterns:
            if like(pattern, words):
                return role
        return None

    def f3_facility_type(self, raw: str | None) -> str | None:
        """F3: the code of a facility type; an unknown one stays, in lower case."""
        word = matched_text(raw)
        return self.facility_type_of.get(word, word)


def f2_title_words(job_title: str) -> str:
    """F2: lower-cased, runs of non-alphanumerics one blank, blanks at both ends.

    Letters and digits of any script are alphanumeric.
    """
    words = re.sub(r"[\W_]+", " ", job_title.lower()).strip()
    return f" {words} "


class Rules:
    """One definition: its own rows of every seed (V1)."""

    def __init__(self, definition: dict[str, str], seeds: Seeds) -> None:
        self.definition_id = definition["definition_id"]
        self.effective_from = t1_timestamp(text(definition.get("effective_from")))
        self.official_until: datetime | None = None
        self.vocabulary = Vocabulary(seeds)

        self.is_half_life = definition["decay_method"] == "half_life"
        self.half_life = days(definition.get("half_life_days"))
        self.inactivity = days(definition.get("inactivity_days"))
        self.inactivity_period = days(definition.get("inactivity_period_days"))
        # the size of a loss, whichever sign it is given
        self.inactivity_points = abs(number(definition.get("inactivity_points")) or 0.0)
        self.machine_response = timedelta(
            seconds=number(definition.get("machine_response_seconds")) or 0
        )
        self.topic_depth_downloads = number(definition.get("topic_depth_downloads"))
        self.topic_depth_window = days(definition.get("topic_depth_days"))
        self.topic_depth_points = number(definition.get("topic_depth_points")) or 0.0
        no_time = timedelta(0)
        self.accepted_hold = days(definition.get("accepted_hold_days")) or no_time
        self.closed_hold = days(definition.get("closed_opportunity_hold_days"))
        self.closed_hold = self.closed_hold or no_time
        self.requalify_points = number(definition.get("requalify_points"))
        self.requalify_gap = days(definition.get("requalify_gap_days")) or no_time

        def own(seed: str) -> list[dict[str, str]]:
            rows = seeds.get(seed, [])
            return [row for row in rows if row["definition_id"] == self.definition_id]

        self.criteria = {
            row["product_line"]: read_criteria(row)
            for row in own("qualification_criteria")
            if row["product_line"] != ALL_LINES
        }
        self.points = {
            (row["product_line"], row["activity_type"]): read_points(row)
            for row in own("activity_points")
        }
        self.page_rules = [
            PageRule(row["url_pattern"], row["activity_type"], named_line(row))
            for row in sorted(own("page_rules"), key=lambda row: int(row["priority"]))
        ]
        self.fit_points = {
            (row["product_line"], row["criterion"]): float(row["points"])
            for row in own("fit_points")
        }
        self.target_specialties: dict[str, set[str]] = defaultdict(set)
        for row in own("target_specialties"):
            word = matched_text(row["specialty"])
            self.target_specialties[row["product_line"]].add(word)
        self.role_classes = {
            (row["product_line"], matched_text(row["role"])): row["role_class"]
            for row in own("role_classes")
        }
        self.facility_classes = {
            (row["product_line"], matched_text(row["facility_type"])): row[
                "facility_class"
            ]
            for row in own("facility_classes")
        }
        self.places = {
            (matched_text(row["country"]), matched_text(row["state"])): row
            for row in own("geographies")
        }
        self.reasons = {
            row["reason_code"]: (
                days(row.get("hold_days")) or no_time,
                boolean(row.get("until_profile_change")),
            )
            for row in own("rejection_reasons")
        }
        self.engagement_types = {
            activity_type
            for (_, activity_type), row in self.points.items()
            if row.is_engagement
        }

    @property
    def lines(self) -> list[str]:
        """Section 3: the lines that have a row in `qualification_criteria`."""
        return list(self.criteria)

    def v5_points(self, line: str, activity_type: str) -> PointsRow:
        """V5: the `activity_points` row of a type; one naming the line wins."""
        named = self.points.get((line, activity_type))
        return named or self.v5_points_of_all_lines(activity_type)

    def v5_points_of_all_lines(self, activity_type: str) -> PointsRow:
        """A3, A5: the row of a type for line `*`."""
        return self.points.get((ALL_LINES, activity_type), NO_POINTS)

    def f_points(self, line: str, criterion: str) -> float:
        """V5: the points of a fit criterion; a row naming the line wins."""
        everywhere = self.fit_points.get((ALL_LINES, criterion), 0.0)
        return self.fit_points.get((line, criterion), everywhere)

    def f1_is_target(self, line: str, specialty: str | None) -> bool:
        """F1 and section 12: the line's target specialties and those of `*` add up."""
        word = matched_text(specialty)
        return word is not None and (
            word in self.target_specialties[line]
            or word in self.target_specialties[ALL_LINES]
        )

    def f2_role_class(self, line: str, role: str | None) -> str:
        """F2: the class of a role for a line, else `unknown`."""
        word = matched_text(role)
        everywhere = self.role_classes.get((ALL_LINES, word), "unknown")
        return self.role_classes.get((line, word), everywhere)

    def f3_facility_class(self, line: str, facility_type: str | None) -> str:
        """F3: the class of a facility type for a line; unknown types are neutral."""
        word = matched_text(facility_type)
        everywhere = self.facility_classes.get((ALL_LINES, word), "neutral")
        return self.facility_classes.get((line, word), everywhere)

    def f4_coverage(self, country: str | None, state: str | None) -> str:
        """F4: `target`, `covered` or `uncovered`; without a row the last."""
        place = self.f4_place(country, state)
        return place["coverage"] if place else "uncovered"

    def f4_territory(self, country: str | None, state: str | None) -> str | None:
        """tables.md: the sales territory of a place; None where there is none."""
        place = self.f4_place(country, state)
        return text(place["territory"]) if place else None

    def f4_place(self, country: str | None, state: str | None) -> dict | None:
        """The `geographies` row of a place; one naming the state wins, wholly."""
        nation = matched_text(country)
        everywhere = self.places.get((nation, ALL_STATES))
        return self.places.get((nation, matched_text(state)), everywhere)

    def q6_reason(self, reason_code: str | None) -> tuple[timedelta, bool]:
        """Q6: (hold, until_profile_change) of a reason; unknown ones 30 days."""
        unspecified = self.reasons.get("unspecified", (timedelta(days=30), False))
        return self.reasons.get(reason_code or "", unspecified)

    def v2_is_official_at(self, t: datetime) -> bool:
        """V2: official from `effective_from` until the next one's `effective_from`."""
        if self.effective_from is None or t < self.effective_from:
            return False
        return self.official_until is None or t < self.official_until


NO_POINTS = PointsRow(0.0, False, False, False, False, False, None)


def named_line(row: dict[str, str]) -> str | None:
    """A4: the product line a page rule names, None where it names none."""
    line = text(row.get("product_line"))
    return None if line == ALL_LINES else line


def read_points(row: dict[str, str]) -> PointsRow:
    """A row of `activity_points` as values."""
    limit = number(row.get("max_scored_per_day"))
    return PointsRow(
        points=float(row["points"]),
        is_engagement=boolean(row.get("is_engagement")),
        is_direct_request=boolean(row.get("is_direct_request")),
        is_disqualifying=boolean(row.get("is_disqualifying")),
        is_opt_in=boolean(row.get("is_opt_in")),
        score_once_per_asset=boolean(row.get("score_once_per_asset")),
        max_scored_per_day=None if limit is None else int(limit),
    )


def read_criteria(row: dict[str, str]) -> Criteria:
    """A row of `qualification_criteria` as values; blank asks nothing."""
    classes = (text(row.get("allowed_role_classes")) or "").split("|")
    return Criteria(
        min_fit_score=number(row.get("min_fit_score")),
        min_total_score=number(row.get("min_total_score")),
        min_engagement_score=number(row.get("min_engagement_score")),
        requires_specialty=boolean(row.get("requires_specialty")),
        min_bed_count=number(row.get("min_bed_count")),
        requires_target_facility=boolean(row.get("requires_target_facility")),
        allowed_role_classes=frozenset(one.strip() for one in classes if one.strip()),
        requires_covered_geography=boolean(row.get("requires_covered_geography")),
        requires_service_signal=boolean(row.get("requires_service_signal")),
        service_window=days(row.get("service_window_days")),
        direct_request_window=days(row.get("direct_request_days")),
        max_silence=days(row.get("max_silence_days")),
        account_min_engagement=number(row.get("account_min_engagement")),
        account_min_contacts=number(row.get("account_min_contacts")),
        account_contact_min_engagement=number(
            row.get("account_contact_min_engagement")
        ),
    )


def v1_definitions(seeds: Seeds) -> list[Rules]:
    """V1, V2: all definitions, the official ones with the end of their interval."""
    definitions = [Rules(row, seeds) for row in seeds["definitions"]]
    official = sorted(
        (one for one in definitions if one.effective_from is not None),
        key=lambda one: one.effective_from,
    )
    for one, following in pairwise(official):
        one.official_until = following.effective_from
    return definitions


# --------------------------------------------------------------------------------
# Section 4: which activities count
# --------------------------------------------------------------------------------


@dataclass
class ScoredActivity:
    """An activity as one definition reads it (A2-A6), before any product line."""

    activity: Activity
    activity_type: str
    product_line: str | None
    is_machine: bool
    is_repeat: bool = False
    is_over_limit: bool = False
    topic_downloads: int = 0

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.activity.occurred_at

    @property
    def scores(self) -> bool:
        """A2, A3, A5: whether it may earn points at all."""
        return not (self.is_machine or self.is_repeat or self.is_over_limit)


def section_4_activities(
    rules: Rules, activities: list[Activity]
) -> list[ScoredActivity]:
    """Section 4: one contact's activities, in A7 order, as a definition reads them."""
    scored = []
    for activity in activities:
        activity_type, line = a4_class_and_line(rules, activity)
        is_machine = a2_is_machine_made(rules, activity, activities)
        scored.append(ScoredActivity(activity, activity_type, line, is_machine))
    a3_mark_repeats(rules, scored)
    a5_mark_over_limit(rules, scored)
    a6_count_topic_downloads(rules, scored)
    return scored


def a2_is_machine_made(
    rules: Rules, activity: Activity, theirs: list[Activity]
) -> bool:
    """A2: the source says so, or an open or click too soon after its send.

    Too soon is `0 <= open - send < machine_response_seconds`, for any send of the
    same contact and message; a machine-flagged send is a send.
    """
    if activity.is_machine:
        return True
    if activity.activity_type not in {"email_open", "email_click"}:
        return False
    return activity.message_id is not None and any(
        other.activity_type == "email_send"
        and other.message_id == activity.message_id
        and timedelta(0)
        <= activity.occurred_at - other.occurred_at
        < rules.machine_response
        for other in theirs
    )


def a3_mark_repeats(rules: Rules, scored: list[ScoredActivity]) -> None:
    """A3: repeats of a message's open or click, and of a type on one asset.

    Only the earliest (A7) that is not machine-made is no repeat. Without a
    `message_id`, or an `asset_name`, none is.
    """
    seen: set[tuple] = set()
    for one in scored:
        if one.is_machine:
            continue
        keys = []
        message_id, asset_name = one.activity.message_id, one.activity.asset_name
        if one.activity_type in {"email_open", "email_click"} and message_id:
            keys.append(("message", one.activity_type, message_id))
        once = rules.v5_points_of_all_lines(one.activity_type).score_once_per_asset
        if once and asset_name:
            keys.append(("asset", one.activity_type, asset_name))
        one.is_repeat = any(key in seen for key in keys)
        seen.update(keys)


def a4_class_and_line(rules: Rules, activity: Activity) -> tuple[str, str | None]:
    """A4 and section 3: the type of an activity and the line it is tagged with.

    A `page_view` takes the class of the first matching page rule, and that rule's
    line where the activity has none.
    """
    if activity.activity_type == "page_view" and activity.page_url is not None:
        address = re.split(r"[?#]", activity.page_url.lower())[0]
        for rule in rules.page_rules:
            if like(rule.url_pattern, address):
                line = activity.product_line or rule.product_line
                return rule.activity_type, line
    return activity.activity_type, activity.product_line


def a5_mark_over_limit(rules: Rules, scored: list[ScoredActivity]) -> None:
    """A5: beyond the first N of a type in one UTC day, after A2 and A3.

    N is the limit of the type's `*` row, counted over all lines.
    """
    count: Counter[tuple] = Counter()
    for one in scored:
        limit = rules.v5_points_of_all_lines(one.activity_type).max_scored_per_day
        if limit is None or one.is_machine or one.is_repeat:
            continue
        day = (one.activity_type, one.at.date())
        count[day] += 1
        one.is_over_limit = count[day] > limit


def a6_count_topic_downloads(rules: Rules, scored: list[ScoredActivity]) -> None:
    """A6: for each counted download, the downloads on its topic in the window."""
    for one in scored:
        if a6_is_counted_download(one):
            one.topic_downloads = a6_topic_downloads(
                rules, scored, one.activity.topic, one.at
            )


def a6_is_counted_download(one: ScoredActivity) -> bool:
    """A6: a download with a topic, neither machine-made nor a repeat."""
    return (
        one.activity_type == "content_download"
        and one.activity.topic is not None
        and not one.is_machine
        and not one.is_repeat
    )


def a6_topic_downloads(
    rules: Rules, scored: list[ScoredActivity], topic: str, t: datetime
) -> int:
    """A6: downloads on `topic` in the trailing window, both ends included."""
    if rules.topic_depth_window is None:
        return 0
    return sum(
        1
        for one in scored
        if a6_is_counted_download(one)
        and one.activity.topic == topic
        and t - rules.topic_depth_window <= one.at <= t
    )


def a6_topic_points(rules: Rules, one: ScoredActivity) -> float:
    """A6: what topic depth adds to a download that scores."""
    least = rules.topic_depth_downloads
    deep = least is not None and one.topic_downloads >= max(least, 1)
    return rules.topic_depth_points if deep else 0.0


def section_3_counts_for(line: str, one: ScoredActivity) -> bool:
    """Section 3: `general` counts all; a line its own and the untagged ones."""
    return line == GENERAL or one.product_line in (None, line)


def section_5_points_due(rules: Rules, line: str, one: ScoredActivity) -> float:
    """Section 5: the points of an activity for a line it counts for, before E1."""
    if not one.scores:
        return 0.0
    points = rules.v5_points(line, one.activity_type).points
    return points + a6_topic_points(rules, one)


# --------------------------------------------------------------------------------
# Section 5: engagement score
# --------------------------------------------------------------------------------


def e2_engagements(rules: Rules, scored: list[ScoredActivity]) -> list[datetime]:
    """E2: the instants of engagement, in order; they hold for every line.

    Engagement is any activity, not machine-made, whose type has a row with
    `is_engagement` under the definition.
    """
    return sorted(
        {
            one.at
            for one in scored
            if not one.is_machine and one.activity_type in rules.engagement_types
        }
    )


def e2_inactivity_steps(
    rules: Rules, engagements: list[datetime], as_of: datetime
) -> list[datetime]:
    """E2: the instants at which `inactivity_points` are lost, up to `as_of`.

    After each engagement: one `inactivity_days` later, then one every
    `inactivity_period_days`, until the next engagement, whose instant included.
    """
    if rules.is_half_life or rules.inactivity is None:
        return []
    steps = []
    for engaged, following in pairwise([*engagements, as_of]):
        step = engaged + rules.inactivity
        while step <= following:
            steps.append(step)
            if not rules.inactivity_period:
                break
            step += rules.inactivity_period
    return steps


def e3_decay(rules: Rules, since: datetime, until: datetime) -> float:
    """E3: the factor by which a score shrinks between two moments."""
    if not rules.is_half_life:
        return 1.0
    return 0.5 ** ((until - since) / rules.half_life)


@dataclass
class LedgerEntry:
    """E5: one row of the ledger."""

    entry_type: str
    at: datetime
    points_due: float
    points_applied: float
    score_before: float
    score_after: float
    scored: ScoredActivity | None = None


@dataclass
class Ledger:
    """E5: one contact's ledger for one line, and `S(t)` read off it."""

    rules: Rules
    entries: list[LedgerEntry]
    instants: list[datetime]
    scores: list[float]
    moved_at: set[datetime]

    def score(self, t: datetime) -> float:
        """S(t), rounded to 6 decimals."""
        return rounded(self.exact_score(t))

    def exact_score(self, t: datetime) -> float:
        """S(t): the last score at or before `t`, decayed to `t` (E3)."""
        index = bisect_right(self.instants, t) - 1
        if index < 0:
            return 0.0
        return self.scores[index] * e3_decay(self.rules, self.instants[index], t)


def e1_ledger(
    rules: Rules,
    line: str,
    activities: list[ScoredActivity],
    steps: list[datetime],
) -> Ledger:
    """E1, E2, E3, E5: walk the moves of one line in time order.

    Each activity moves S to `max(0, S + points)`, each inactivity step to
    `max(0, S - inactivity_points)`; at one instant the loss comes first, then the
    activities in A7 order. Steps with no activity of the line between them are one
    ledger row, at the time of the last.
    """
    moves: list[tuple[datetime, int, bytes, float, ScoredActivity | None]] = [
        (step, 0, b"", -rules.inactivity_points, None) for step in steps
    ]
    for one in activities:
        order = byte_order(one.activity.activity_id)
        due = section_5_points_due(rules, line, one)
        moves.append((one.at, 1, order, due, one))
    moves.sort(key=lambda move: move[:3])

    entries: list[LedgerEntry] = []
    instants: list[datetime] = []
    scores: list[float] = []
    moved_at: set[datetime] = set()
    score = 0.0
    for at, _, _, due, one in moves:
        before = score * e3_decay(rules, instants[-1], at) if instants else 0.0
        score = max(0.0, before + due)
        instants.append(at)
        scores.append(score)
        if score != before:
            moved_at.add(at)
        run = entries[-1] if entries else None
        if one is None and run is not None and run.entry_type == "inactivity":
            run.at = at
            run.points_due += due
            run.points_applied += score - before
            run.score_after = score
        else:
            entry_type = "inactivity" if one is None else "activity"
            entries.append(
                LedgerEntry(entry_type, at, due, score - before, before, score, one)
            )
    return Ledger(rules, entries, instants, scores, moved_at)


# --------------------------------------------------------------------------------
# Sections 6 and 7: fit, gates and qualification of one contact on one line
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Profile:
    """Who a contact is at a moment, in the words of the vocabulary (F1-F4)."""

    version: ContactVersion
    account: AccountVersion | None
    specialty: str | None
    role: str | None
    is_clinical: bool
    facility_type: str | None
    bed_count: int | None
    country: str | None
    state: str | None


def f4_geography(
    version: ContactVersion, account: AccountVersion | None
) -> tuple[str | None, str | None]:
    """F4: (country, state) of the account, or both of the contact.

    The contact's where it has no known account or the account no state.
    """
    if account is not None and account.state is not None:
        return account.country, account.state
    return version.country, version.state


def section_6_profile(
    vocabulary: Vocabulary, version: ContactVersion, account: AccountVersion | None
) -> Profile:
    """Section 6: a contact's version and its account's version, resolved."""
    role = vocabulary.f2_role(version.role, version.job_title)
    country, state = f4_geography(version, account)
    return Profile(
        version=version,
        account=account,
        specialty=vocabulary.f1_specialty(version.specialty),
        role=role,
        is_clinical=role in vocabulary.clinical_roles,
        facility_type=account.facility_type if account else None,
        bed_count=account.bed_count if account else None,
        country=country,
        state=state,
    )


def q6_is_for_line(line: str, product_line: str | None) -> bool:
    """Q6, Q7: a row without a line is for all lines, one of any also for general."""
    return product_line is None or line in (GENERAL, product_line)


class Person:
    """One contact under one definition: what holds for all its lines."""

    def __init__(self, facts: Facts, rules: Rules, contact_id: str) -> None:
        self.facts = facts
        self.rules = rules
        self.contact_id = contact_id
        self.versions = facts.contacts[contact_id]
        self.scored = section_4_activities(rules, facts.activities.get(contact_id, []))
        self.engagements = e2_engagements(rules, self.scored)
        self.steps = e2_inactivity_steps(rules, self.engagements, facts.as_of)
        self.account_ids = {
            version.account_id
            for version in self.versions.all
            if version.account_id is not None
        }
        self.profiles: dict[tuple, Profile] = {}

    def account_id(self, t: datetime) -> str | None:
        """The account the contact names at `t`, known or not."""
        return self.versions.at(t).account_id

    def account_versions(self, t: datetime) -> Versions | None:
        """The versions of the known account the contact has at `t`."""
        return self.facts.accounts.get(self.account_id(t) or "")

    def profile(self, t: datetime) -> Profile:
        """Section 6: who the contact is at `t`."""
        version = self.versions.at(t)
        accounts = self.account_versions(t)
        account = accounts.at(t) if accounts else None
        key = (version.updated_at, account and account.updated_at)
        if key not in self.profiles:
            vocabulary = self.rules.vocabulary
            self.profiles[key] = section_6_profile(vocabulary, version, account)
        return self.profiles[key]

    def contracts(self, t: datetime) -> list[ServiceContract]:
        """F5, Q2: the service contracts of the contact's account at `t`."""
        return self.facts.contracts.get(self.account_id(t) or "", [])

    def f5_is_current_customer(self, t: datetime) -> bool:
        """F5: the account has an own service contract in force."""
        return any(
            contract.provider == "own" and contract.is_in_force(t)
            for contract in self.contracts(t)
        )

    def last_engaged_at(self, t: datetime) -> datetime | None:
        """E2, Q8: the last engagement at or before `t`, on any line."""
        index = bisect_right(self.engagements, t) - 1
        return self.engagements[index] if index >= 0 else None

    def profile_changed_between(self, since: datetime, t: datetime) -> bool:
        """Q6: what ends a hold `until_profile_change`, strictly after `since`.

        A contact version with another specialty, role, job title or account than at
        `since`, or a version of the account the contact then has, with another
        facility type or bed count than at `since`.
        """
        before = self.profile(since)
        for instant in self.versions.instants:
            if since < instant <= t:
                now = self.profile(instant)
                if (
                    now.specialty != before.specialty
                    or now.role != before.role
                    or now.version.job_title != before.version.job_title
                    or now.version.account_id != before.version.account_id
                ):
                    return True
        for account_id in self.account_ids & self.facts.accounts.keys():
            accounts = self.facts.accounts[account_id]
            then = accounts.at(since)
            for now in accounts.all:
                if (
                    since < now.updated_at <= t
                    and self.account_id(now.updated_at) == account_id
                    and (
                        matched_text(now.facility_type)
                        != matched_text(then.facility_type)
                        or now.bed_count != then.bed_count
                    )
                ):
                    return True
        return False


class Standing:
    """One contact on one line under one definition; every question is one of `t`."""

    def __init__(self, person: Person, line: str) -> None:
        self.person = person
        self.rules = person.rules
        self.line = line
        self.criteria = person.rules.criteria[line]
        facts, contact_id = person.facts, person.contact_id
        self.activities = [
            one for one in person.scored if section_3_counts_for(line, one)
        ]
        self.ledger = e1_ledger(self.rules, line, self.activities, person.steps)
        self.direct_requests = [
            one.at for one in self.activities if self.is_direct_request(one)
        ]
        self.positive = [
            (one.at, due)
            for one in self.activities
            if (due := section_5_points_due(self.rules, line, one)) > 0
        ]
        self.dispositions = sorted(
            (
                one
                for one in facts.dispositions.get(contact_id, [])
                if one.outcome in {"accepted", "rejected"}
                and q6_is_for_line(line, one.product_line)
            ),
            key=lambda one: (one.disposed_at, byte_order(one.disposition_id)),
        )
        self.opportunities = [
            one
            for one in facts.contact_opportunities.get(contact_id, [])
            if q6_is_for_line(line, one.product_line)
        ]
        self.suppressions = self.q5_changes()

    # small questions

    def is_direct_request(self, one: ScoredActivity) -> bool:
        """A2, V5: a direct request under the line's row, not machine-made."""
        row = self.rules.v5_points(self.line, one.activity_type)
        return row.is_direct_request and not one.is_machine

    def direct_request_between(self, since: datetime, t: datetime) -> bool:
        """Q6, Q7: a direct request counting for the line, strictly after `since`."""
        index = bisect_right(self.direct_requests, since)
        return index < len(self.direct_requests) and self.direct_requests[index] <= t

    def engagement_score(self, t: datetime) -> float:
        """S(t), rounded to 6 decimals."""
        return self.ledger.score(t)

    def total_score(self, t: datetime) -> float:
        """F(t) + S(t), rounded to 6 decimals."""
        return rounded(self.fit_score(t) + self.ledger.exact_score(t))

    def role_class(self, t: datetime) -> str:
        """F2: the class of the contact's role for the line at `t`."""
        return self.rules.f2_role_class(self.line, self.person.profile(t).role)

    def fit_score(self, t: datetime) -> float:
        """Section 6, F(t): the sum of the criteria that hold, each at most once."""
        return rounded(sum(self.fit_parts(t).values()))

    def fit_parts(self, t: datetime) -> dict[str, float]:
        """Section 6: the points of each criterion at `t`, 0 where it does not hold."""
        rules, line, profile = self.rules, self.line, self.person.profile(t)
        role_class = rules.f2_role_class(line, profile.role)
        facility_class = rules.f3_facility_class(line, profile.facility_type)
        coverage = rules.f4_coverage(profile.country, profile.state)
        holds = {
            "target_specialty": rules.f1_is_target(line, profile.specialty),
            "target_facility": facility_class == "target",
            "decision_maker": role_class == "decision_maker",
            "target_geography": coverage == "target",
            "trainee": role_class == "trainee",
            "disqualified_facility": facility_class == "disqualified",
            "current_customer": self.person.f5_is_current_customer(t),
        }
        return {
            name: rules.f_points(line, name) if true else 0.0
            for name, true in holds.items()
        }

    # gates

    def q1_is_known(self, t: datetime) -> bool:
        """Q1: `t` is not before `created_at` of the contact's first version."""
        return t >= self.person.versions.all[0].created_at

    def q2_gates(self, t: datetime) -> bool:
        """Q2: the gates the line asks for."""
        return self.q2_failing(t) is None

    def q2_failing(self, t: datetime) -> str | None:
        """Q2: the first gate of the line that fails at `t`, None where all hold."""
        asks, rules, profile = self.criteria, self.rules, self.person.profile(t)
        of_institution = q2_institution_gates(
            rules,
            self.line,
            profile.facility_type,
            profile.bed_count,
            rules.f4_coverage(profile.country, profile.state),
        )
        asks_specialty = asks.requires_specialty and profile.is_clinical
        allowed = asks.allowed_role_classes
        gates = {
            "geography": of_institution["geography"],
            "specialty": not asks_specialty
            or rules.f1_is_target(self.line, profile.specialty),
            "facility": of_institution["facility"],
            "beds": of_institution["beds"],
            "role": not allowed or self.role_class(t) in allowed,
            "service_signal": not asks.requires_service_signal
            or self.q2_service_signal(t),
        }
        return next((name for name, holds in gates.items() if not holds), None)

    def q2_service_signal(self, t: datetime) -> bool:
        """Q2: an own contract near its end, or a competitor's in force."""
        for contract in self.person.contracts(t):
            if not contract.is_in_force(t):
                continue
            if contract.provider == "competitor":
                return True
            if contract.provider == "own" and contract.ends_on is not None:
                window = self.criteria.service_window
                if window is not None and contract.ends_on - window <= t:
                    return True
        return False

    def q3_fit(self, t: datetime) -> bool:
        """Q3: F(t) reaches the line's minimum."""
        least = self.criteria.min_fit_score
        return least is None or self.fit_score(t) >= least

    def q4_interest(self, t: datetime) -> bool:
        """Q4: the scoring path or the direct-request path."""
        return self.q4_scoring_path(t) or self.q4_direct_request_path(t)

    def q4_scoring_path(self, t: datetime) -> bool:
        """Q4: every threshold that is set is reached, and one is set."""
        total, engagement = (
            self.criteria.min_total_score,
            self.criteria.min_engagement_score,
        )
        if total is None and engagement is None:
            return False
        if total is not None and self.total_score(t) < total:
            return False
        return engagement is None or self.engagement_score(t) >= engagement

    def q4_direct_request_path(self, t: datetime) -> bool:
        """Q4: a direct request at `u` with `u <= t < u + direct_request_days`."""
        window = self.criteria.direct_request_window
        if window is None:
            return False
        index = bisect_right(self.direct_requests, t) - 1
        return index >= 0 and t < self.direct_requests[index] + window

    def q5_changes(self) -> list[tuple[datetime, bool]]:
        """Q5: (instant, suppressed from then on), in time order.

        Activities of all lines, read with the line's rows (V5), in A7 order. An
        opt-in or direct request must not be machine-made to end a suppression.
        """
        changes = []
        for one in self.person.scored:
            row = self.rules.v5_points(self.line, one.activity_type)
            if row.is_disqualifying:
                changes.append((one.at, True))
            elif not one.is_machine and (row.is_opt_in or row.is_direct_request):
                changes.append((one.at, False))
        return changes

    def is_suppressed(self, t: datetime) -> bool:
        """Q5: the last change at or before `t` was a suppression."""
        index = bisect_right(self.suppressions, t, key=lambda change: change[0]) - 1
        return index >= 0 and self.suppressions[index][1]

    def q5_not_suppressed(self, t: datetime) -> bool:
        """Q5: not suppressed."""
        return not self.is_suppressed(t)

    def q6_disposition(self, t: datetime) -> Disposition | None:
        """Q6: D, the latest accepted or rejected disposition for the line."""
        index = bisect_right(self.dispositions, t, key=lambda one: one.disposed_at) - 1
        return self.dispositions[index] if index >= 0 else None

    def is_held(self, t: datetime) -> bool:
        """Q6: whether D holds the contact at `t`."""
        latest = self.q6_disposition(t)
        if latest is None:
            return False
        since = latest.disposed_at
        if latest.outcome == "accepted":
            return t < since + self.rules.accepted_hold
        hold, until_profile_change = self.rules.q6_reason(latest.reason_code)
        if until_profile_change:
            return not self.person.profile_changed_between(since, t)
        return t < since + hold and not self.direct_request_between(since, t)

    def q6_no_hold(self, t: datetime) -> bool:
        """Q6: no hold."""
        return not self.is_held(t)

    def q7_no_opportunity(self, t: datetime) -> bool:
        """Q7: none open; none closed lately without a direct request since."""
        for one in self.opportunities:
            if one.is_open(t):
                return False
            if (
                one.is_closed(t)
                and t < one.closed_at + self.rules.closed_hold
                and not self.direct_request_between(one.closed_at, t)
            ):
                return False
        return True

    def q8_asks_points_since(self, t: datetime) -> datetime | None:
        """Q8: the later of D and the latest close of an opportunity, or None."""
        instants = [one.closed_at for one in self.opportunities if one.is_closed(t)]
        latest = self.q6_disposition(t)
        if latest is not None:
            instants.append(latest.disposed_at)
        return max(instants, default=None)

    def q8_fresh_interest(self, t: datetime) -> bool:
        """Q8: new points since the last verdict, and not silent for too long."""
        return not self.q8_is_stale(t) and not self.q8_is_silent(t)

    def q8_is_stale(self, t: datetime) -> bool:
        """Q8: too few points since the last verdict or close, where there is one."""
        since, least = self.q8_asks_points_since(t), self.rules.requalify_points
        if since is None or least is None:
            return False
        fresh = sum(due for at, due in self.positive if since < at <= t)
        return rounded(fresh) < least

    def q8_is_silent(self, t: datetime) -> bool:
        """Q8: no engagement in the last `max_silence_days`, where the line sets them."""
        silence = self.criteria.max_silence
        if silence is None:
            return False
        engaged = self.person.last_engaged_at(t)
        return engaged is None or t >= engaged + silence

    @cached_property
    def gates(self) -> list[tuple[str, Callable[[datetime], bool]]]:
        """Section 7: the gates in order."""
        return [
            ("Q1", self.q1_is_known),
            ("Q2", self.q2_gates),
            ("Q3", self.q3_fit),
            ("Q4", self.q4_interest),
            ("Q5", self.q5_not_suppressed),
            ("Q6", self.q6_no_hold),
            ("Q7", self.q7_no_opportunity),
            ("Q8", self.q8_fresh_interest),
        ]

    def failing_gate(self, t: datetime) -> str | None:
        """The first of Q1...Q8 that fails at `t`, None where q(t) holds."""
        return next((name for name, holds in self.gates if not holds(t)), None)

    def failing_detail(self, t: datetime) -> str | None:
        """tables.md: what fails within Q2 or Q8 at `t`, None for the other gates."""
        gate = self.failing_gate(t)
        if gate == "Q2":
            return self.q2_failing(t)
        if gate == "Q8":
            return "stale" if self.q8_is_stale(t) else "silent"
        return None

    def q(self, t: datetime) -> bool:
        """Section 7, q(t): all gates hold."""
        return self.failing_gate(t) is None

    # section 9's questions of a contact

    def c1_is_countable(self, t: datetime) -> bool:
        """C1: known, not suppressed, not held, neither trainee nor non-buyer."""
        return (
            self.q1_is_known(t)
            and not self.is_suppressed(t)
            and not self.is_held(t)
            and self.role_class(t) not in {"trainee", "non_buyer"}
        )

    def c2_passes_gates(self, t: datetime) -> bool:
        """C2: passes Q2 and Q3 for the line."""
        return self.q2_gates(t) and self.q3_fit(t)

    # when anything may change

    @cached_property
    def change_instants(self) -> list[datetime]:
        """M1: every instant up to `as_of` at which a gate or a score may jump.

        Between two of them nothing moves but the half-life.
        """
        rules, person, asks = self.rules, self.person, self.criteria
        instants: set[datetime] = set()
        instants.add(person.versions.all[0].created_at)
        instants.update(person.versions.instants)
        for account_id in person.account_ids:
            if account_id in person.facts.accounts:
                instants.update(person.facts.accounts[account_id].instants)
            for contract in person.facts.contracts.get(account_id, []):
                instants.add(contract.starts_on)
                if contract.ends_on is not None:
                    instants.add(contract.ends_on)
                    if asks.service_window is not None:
                        instants.add(contract.ends_on - asks.service_window)
        instants.update(one.at for one in person.scored)
        instants.update(self.ledger.moved_at)
        if asks.direct_request_window is not None:
            window = asks.direct_request_window
            instants.update(at + window for at in self.direct_requests)
        if asks.max_silence is not None:
            instants.update(at + asks.max_silence for at in person.engagements)
        for one in self.dispositions:
            instants.add(one.disposed_at)
            instants.add(one.disposed_at + rules.accepted_hold)
            instants.add(one.disposed_at + rules.q6_reason(one.reason_code)[0])
        for one in self.opportunities:
            instants.add(one.created_at)
            if one.closed_at is not None:
                instants.add(one.closed_at)
                instants.add(one.closed_at + rules.closed_hold)
        return sorted(at for at in instants if at <= person.facts.as_of)

    @cached_property
    def q_changes(self) -> list[tuple[datetime, bool]]:
        """M1: (instant, q from then on) at every change instant and crossing."""
        changes = []
        ends = [*self.change_instants[1:], self.person.facts.as_of + MICROSECOND]
        for at, end in zip(self.change_instants, ends, strict=True):
            qualified = self.q(at)
            changes.append((at, qualified))
            if qualified and self.rules.is_half_life:
                crossing = e3_first_instant_without(self.q, at, end)
                if crossing is not None:
                    changes.append((crossing, False))
        return changes


def e3_first_instant_without(
    holds: Callable[[datetime], bool], start: datetime, end: datetime
) -> datetime | None:
    """E3 and section 12: the first microsecond in (start, end) where `holds` fails.

    `holds` is true at `start` and, scores only falling, never comes back before
    `end`. None where it holds throughout.
    """
    last = end - MICROSECOND
    if last <= start or holds(last):
        return None
    good, bad = 0, (last - start) // MICROSECOND
    while bad - good > 1:
        middle = (good + bad) // 2
        if holds(start + middle * MICROSECOND):
            good = middle
        else:
            bad = middle
    return start + bad * MICROSECOND


def q2_institution_gates(
    rules: Rules,
    line: str,
    facility_type: str | None,
    bed_count: int | None,
    coverage: str,
) -> dict[str, bool]:
    """Q2, section 9: which of the gates of an institution hold; unknown beds fail."""
    asks, least = rules.criteria[line], rules.criteria[line].min_bed_count
    return {
        "geography": not asks.requires_covered_geography
        or coverage in {"target", "covered"},
        "facility": not asks.requires_target_facility
        or rules.f3_facility_class(line, facility_type) == "target",
        "beds": least is None or (bed_count is not None and bed_count >= least),
    }


# --------------------------------------------------------------------------------
# Section 8: MQLs
# --------------------------------------------------------------------------------


@dataclass
class Interval:
    """A maximal interval `[start, end)`; end None = still open at `as_of`."""

    start: datetime
    end: datetime | None = None
    end_reason: str | None = None
    lapse_count: int = 0


def m1_intervals(changes: Sequence[tuple[datetime, bool]]) -> list[Interval]:
    """M1: the maximal intervals on which a state holds, from its changes in order."""
    intervals: list[Interval] = []
    holds = False
    for at, now in changes:
        if now and not holds:
            intervals.append(Interval(at))
        elif holds and not now:
            intervals[-1].end = at
        holds = now
    return intervals


def m2_merged(
    intervals: list[Interval],
    gap: timedelta,
    is_always_new: Callable[[datetime], bool],
) -> list[Interval]:
    """M2: an interval ended by lapse and one starting less than `gap` later are one.

    `is_always_new(start)` says that a start is a new award all the same.
    """
    merged: list[Interval] = []
    for one in intervals:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.end_reason == "lapsed"
            and one.start - last.end < gap
            and not is_always_new(one.start)
        ):
            last.end, last.end_reason = one.end, one.end_reason
            last.lapse_count += 1
        else:
            merged.append(Interval(one.start, one.end, one.end_reason))
    return merged


def m3_end_reason(standing: Standing, end: datetime) -> str:
    """M3: the first reason that applies at the end instant."""
    if standing.is_suppressed(end):
        return "suppressed"
    latest = standing.q6_disposition(end)
    if latest is not None and latest.disposed_at == end:
        return latest.outcome
    if any(one.created_at == end for one in standing.opportunities):
        return "opportunity_opened"
    if m3_has_version_at(standing, end, first_too=True):
        return "profile_changed"
    return "lapsed"


def m3_has_version_at(standing: Standing, t: datetime, first_too: bool) -> bool:
    """M3, M4: a version of the contact, or of its account, begins at `t`."""
    versions = standing.person.versions
    if versions.has_one_at(t) and (first_too or t != versions.instants[0]):
        return True
    accounts = standing.person.account_versions(t)
    return accounts is not None and accounts.has_one_at(t)


def m4_trigger(standing: Standing, t: datetime) -> tuple[str, str | None]:
    """M4: (trigger_type, trigger_activity_id) of an MQL awarded at `t`."""
    with_points = [
        one
        for one in standing.activities
        if one.at == t and section_5_points_due(standing.rules, standing.line, one) > 0
    ]
    activity_id = with_points[-1].activity.activity_id if with_points else None
    if t in standing.direct_requests:
        return "direct_request", activity_id
    if with_points:
        return "engagement", activity_id
    if m3_has_version_at(standing, t, first_too=False):
        return "profile_change", activity_id
    return "eligibility", activity_id


def section_8_mqls(standing: Standing) -> Mart:
    """Section 8: the MQLs of one standing; `is_official` is marked later (V3)."""
    intervals = m1_intervals(standing.q_changes)
    for one in intervals:
        if one.end is not None:
            one.end_reason = m3_end_reason(standing, one.end)
    words = standing.rules.vocabulary
    mqls = []
    for one in m2_merged(
        intervals,
        standing.rules.requalify_gap,
        lambda start: start in standing.direct_requests,
    ):
        profile = standing.person.profile(one.start)
        trigger_type, trigger_activity_id = m4_trigger(standing, one.start)
        mqls.append(
            {
                "definition_id": standing.rules.definition_id,
                "contact_id": standing.person.contact_id,
                "product_line": standing.line,
                "account_id": profile.version.account_id,
                "mql_at": one.start,
                "ended_at": one.end,
                "end_reason": one.end_reason,
                "trigger_type": trigger_type,
                "trigger_activity_id": trigger_activity_id,
                "fit_score": standing.fit_score(one.start),
                "engagement_score": standing.engagement_score(one.start),
                "total_score": standing.total_score(one.start),
                "is_official": False,
                "lapse_count": one.lapse_count,
                "specialty": profile.specialty,
                "role": profile.role,
                "role_class": standing.role_class(one.start),
                "facility_type": words.f3_facility_type(profile.facility_type),
                "bed_count": profile.bed_count,
                "state": in_capitals(profile.state),
                "country": in_capitals(profile.country),
            }
        )
    return mqls


def v3_mark_official(
    mqls: Mart, definitions: list[Rules], subject: Callable[[dict], tuple]
) -> None:
    """V3: mark the official MQLs, and hand nobody over twice.

    Official: `mql_at` inside the definition's own official interval, and no official
    MQL of an earlier definition for the same `subject` still open at `mql_at`.
    """
    by_id = {one.definition_id: one for one in definitions}
    official: dict[tuple, list[dict]] = defaultdict(list)
    # Official intervals do not overlap, so in time order the earlier come first.
    for mql in sorted(mqls, key=lambda mql: mql["mql_at"]):
        if not by_id[mql["definition_id"]].v2_is_official_at(mql["mql_at"]):
            continue
        mql["is_official"] = not any(
            earlier["definition_id"] != mql["definition_id"]
            and v3_is_open_at(earlier, mql["mql_at"])
            for earlier in official[subject(mql)]
        )
        if mql["is_official"]:
            official[subject(mql)].append(mql)


def v3_is_open_at(mql: dict[str, Any], t: datetime) -> bool:
    """V3: awarded by `t` and not ended by then."""
    ended_at = mql["ended_at"]
    return mql["mql_at"] <= t and (ended_at is None or t < ended_at)


# --------------------------------------------------------------------------------
# Section 9: account MQLs
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """What section 9 asks of a contact, from one change instant to the next."""

    account_id: str | None
    is_countable: bool
    passes_gates: bool


class Membership:
    """One contact's standing on a line as its accounts see it, looked up by time."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.instants = standing.change_instants
        self.states = [
            Member(
                account_id=standing.person.account_id(at),
                is_countable=standing.c1_is_countable(at),
                passes_gates=standing.c2_passes_gates(at),
            )
            for at in self.instants
        ]

    def at(self, t: datetime) -> Member | None:
        """The state at `t`; None before anything is known of the contact."""
        index = bisect_right(self.instants, t) - 1
        return self.states[index] if index >= 0 else None


@dataclass(frozen=True)
class Countable:
    """C1: a countable contact at a moment."""

    contact_id: str
    score: float
    passes_gates: bool


class AccountStanding:
    """One account on one line under one definition; every question is one of `t`."""

    def __init__(
        self,
        facts: Facts,
        rules: Rules,
        line: str,
        account_id: str,
        members: list[Membership],
    ) -> None:
        self.facts = facts
        self.rules = rules
        self.line = line
        self.criteria = rules.criteria[line]
        self.account_id = account_id
        self.versions = facts.accounts[account_id]
        self.members = members
        self.opportunities = [
            one
            for one in facts.account_opportunities.get(account_id, [])
            if q6_is_for_line(line, one.product_line)
        ]

    def gates(self, t: datetime) -> bool:
        """Section 9: facility class, beds, coverage by the account's own geography."""
        version = self.versions.at(t)
        gates = q2_institution_gates(
            self.rules,
            self.line,
            version.facility_type,
            version.bed_count,
            self.rules.f4_coverage(version.country, version.state),
        )
        return all(gates.values())

    def has_open_opportunity(self, t: datetime) -> bool:
        """Section 9: an open opportunity of the account for the line."""
        return any(one.is_open(t) for one in self.opportunities)

    def c1_countable(self, t: datetime) -> list[Countable]:
        """C1: the countable contacts of the account at `t`."""
        found = []
        for member in self.members:
            state = member.at(t)
            if state and state.account_id == self.account_id and state.is_countable:
                standing = member.standing
                found.append(
                    Countable(
                        standing.person.contact_id,
                        standing.ledger.exact_score(t),
                        state.passes_gates,
                    )
                )
        return found

    def engagement_score(self, countable: list[Countable]) -> float:
        """C2: the sum of the countable contacts' S."""
        return rounded(sum(one.score for one in countable))

    def engaged_contacts(self, countable: list[Countable]) -> int:
        """C2: how many countable contacts reach the least S of their own."""
        least = self.criteria.account_contact_min_engagement or 0.0
        return sum(1 for one in countable if rounded(one.score) >= least)

    def c2_holds_for(self, countable: list[Countable]) -> bool:
        """C2: enough engagement, of enough contacts, one of whom passes Q2 and Q3."""
        least, contacts = (
            self.criteria.account_min_engagement,
            self.criteria.account_min_contacts,
        )
        if least is None or contacts is None:
            return False
        return (
            self.engagement_score(countable) >= least
            and self.engaged_contacts(countable) >= contacts
            and any(one.passes_gates for one in countable)
        )

    def is_qualified(self, t: datetime) -> bool:
        """C2 and the account's own gates, with no open opportunity."""
        return (
            not self.has_open_opportunity(t)
            and self.gates(t)
            and self.c2_holds_for(self.c1_countable(t))
        )

    def c3_has_individual_mql(self, t: datetime) -> bool:
        """C3: any contact of the account has q for the line at that very instant."""
        return any(
            member.standing.q(t)
            for member in self.members
            if member.standing.person.account_id(t) == self.account_id
        )

    def survives_without_top_contact(self, t: datetime) -> bool:
        """Whether C2 would hold at `t` without the contact with the highest S."""
        countable = self.c1_countable(t)
        ranked = sorted(
            countable,
            key=lambda one: (-rounded(one.score), byte_order(one.contact_id)),
        )
        return self.c2_holds_for(ranked[1:])

    def changes(self) -> list[tuple[datetime, bool]]:
        """M1: (instant, qualified from then on) wherever anything may change."""
        instants: set[datetime] = set(self.versions.instants)
        for member in self.members:
            instants.update(member.instants)
        for one in self.opportunities:
            instants.add(one.created_at)
            if one.closed_at is not None:
                instants.add(one.closed_at)
        as_of = self.facts.as_of
        ordered = sorted(at for at in instants if at <= as_of)
        changes = []
        for at, end in zip(ordered, [*ordered[1:], as_of + MICROSECOND], strict=True):
            qualified = self.is_qualified(at)
            changes.append((at, qualified))
            if qualified and self.rules.is_half_life:
                crossing = e3_first_instant_without(self.is_qualified, at, end)
                if crossing is not None:
                    changes.append((crossing, False))
        return changes

    def mqls(self) -> Mart:
        """C2: the account's MQLs on the line, not yet `is_official`."""
        intervals = m1_intervals(self.changes())
        for one in intervals:
            if one.end is not None:
                opened = any(deal.created_at == one.end for deal in self.opportunities)
                one.end_reason = "opportunity_opened" if opened else "lapsed"
        gap = self.rules.requalify_gap
        mart = []
        for one in m2_merged(intervals, gap, lambda start: False):
            countable = self.c1_countable(one.start)
            mart.append(
                {
                    "definition_id": self.rules.definition_id,
                    "account_id": self.account_id,
                    "product_line": self.line,
                    "mql_at": one.start,
                    "ended_at": one.end,
                    "end_reason": one.end_reason,
                    "lapse_count": one.lapse_count,
                    "engagement_score": self.engagement_score(countable),
                    "engaged_contacts": self.engaged_contacts(countable),
                    "has_individual_mql": self.c3_has_individual_mql(one.start),
                    "is_official": False,
                    "survives_without_top_contact": self.survives_without_top_contact(
                        one.start
                    ),
                }
            )
        return mart

    def score_row(self) -> dict[str, Any]:
        """Section 9: the account's score at `as_of`, whether its gates hold or not."""
        countable = self.c1_countable(self.facts.as_of)
        return {
            "definition_id": self.rules.definition_id,
            "account_id": self.account_id,
            "product_line": self.line,
            "engagement_score": self.engagement_score(countable),
            "engaged_contacts": self.engaged_contacts(countable),
            "is_qualified": self.is_qualified(self.facts.as_of),
            "as_of": self.facts.as_of,
        }


# --------------------------------------------------------------------------------
# The marts
# --------------------------------------------------------------------------------


def ledger_rows(standing: Standing) -> Mart:
    """E5: fct_score_ledger of one standing, in order."""
    engagement_types = standing.rules.engagement_types
    return [
        {
            "definition_id": standing.rules.definition_id,
            "contact_id": standing.person.contact_id,
            "product_line": standing.line,
            "entry_type": entry.entry_type,
            "activity_id": one.activity.activity_id if one else None,
            "activity_type": one.activity_type if one else None,
            "entry_at": entry.at,
            "points_due": rounded(entry.points_due),
            "points_applied": rounded(entry.points_applied),
            "score_before": rounded(entry.score_before),
            "score_after": rounded(entry.score_after),
            "is_machine": one.is_machine if one else False,
            "is_repeat": one.is_repeat if one else False,
            "is_over_daily_limit": one.is_over_limit if one else False,
            "is_engagement": one is not None
            and not one.is_machine
            and one.activity_type in engagement_types,
        }
        for entry in standing.ledger.entries
        for one in [entry.scored]
    ]


def history_rows(standing: Standing) -> Mart:
    """tables.md: fct_contact_score_history of one standing.

    From the contact's first activity or version on; a new interval where the account,
    the fit score or q changes or the engagement score jumps (decay alone makes none).
    `half_life` is no column of the mart: it tells how the score decays within.
    """
    person, rules = standing.person, standing.rules
    start = person.versions.instants[0]
    if person.scored:
        start = min(start, person.scored[0].at)
    rows: Mart = []
    for at, qualified in standing.q_changes:
        if at < start:
            continue
        fit, account_id = standing.fit_score(at), person.account_id(at)
        last = rows[-1] if rows else None
        if (
            last is not None
            and last["account_id"] == account_id
            and last["fit_score"] == fit
            and last["is_qualified"] == qualified
            and at not in standing.ledger.moved_at
        ):
            continue
        if last is not None:
            last["valid_to"] = at
        rows.append(
            {
                "definition_id": rules.definition_id,
                "contact_id": person.contact_id,
                "product_line": standing.line,
                "valid_from": at,
                "valid_to": None,
                "account_id": account_id,
                "fit_score": fit,
                "engagement_score": standing.engagement_score(at),
                "total_score": standing.total_score(at),
                "is_qualified": qualified,
                "half_life": rules.half_life if rules.is_half_life else None,
            }
        )
    return rows


def points_missing(standing: Standing, t: datetime) -> float | None:
    """tables.md: how far the scores are from Q4's thresholds; None if none is set."""
    missing = []
    if standing.criteria.min_total_score is not None:
        missing.append(standing.criteria.min_total_score - standing.total_score(t))
    if standing.criteria.min_engagement_score is not None:
        least = standing.criteria.min_engagement_score
        missing.append(least - standing.engagement_score(t))
    return rounded(max(0.0, *missing)) if missing else None


def max_topic_downloads(person: Person, t: datetime) -> int:
    """A6: the most downloads on one topic in the window that ends at `t`."""
    topics = {
        one.activity.topic for one in person.scored if a6_is_counted_download(one)
    }
    return max(
        (a6_topic_downloads(person.rules, person.scored, one, t) for one in topics),
        default=0,
    )


def score_row(standing: Standing, t: datetime) -> dict[str, Any]:
    """tables.md: fct_contact_scores of one standing at `t`."""
    person = standing.person
    gate = standing.failing_gate(t)
    return {
        "definition_id": standing.rules.definition_id,
        "contact_id": person.contact_id,
        "product_line": standing.line,
        "account_id": person.account_id(t),
        "role_class": standing.role_class(t),
        **{f"{name}_points": part for name, part in standing.fit_parts(t).items()},
        "fit_score": standing.fit_score(t),
        "engagement_score": standing.engagement_score(t),
        "total_score": standing.total_score(t),
        "is_qualified": gate is None,
        "is_suppressed": standing.is_suppressed(t),
        "is_held": standing.is_held(t),
        "failing_gate": gate,
        "failing_detail": standing.failing_detail(t),
        "points_missing": points_missing(standing, t),
        "last_engaged_at": person.last_engaged_at(t),
        "max_topic_downloads": max_topic_downloads(person, t),
        "is_qualified_not_handed_over": False,
        "as_of": t,
    }


def v3_mark_not_handed_over(
    scores: Mart, standings: dict[tuple, Standing], mqls: Mart
) -> None:
    """V3: qualified under the definition official at `as_of`, yet not handed over.

    That is: no official MQL of any definition for the contact and line is open, and
    no direct request has come while qualified since the definition took effect (H6).
    """
    official = defaultdict(list)
    for mql in mqls:
        if mql["is_official"]:
            official[(mql["contact_id"], mql["product_line"])].append(mql)
    for row in scores:
        key = (row["definition_id"], row["contact_id"], row["product_line"])
        standing, t = standings[key], row["as_of"]
        rules = standing.rules
        if not row["is_qualified"] or not rules.v2_is_official_at(t):
            continue
        if any(v3_is_open_at(mql, t) for mql in official[key[1:]]):
            continue
        running = [
            mql
            for mql in mqls
            if (mql["definition_id"], mql["contact_id"], mql["product_line"]) == key
            and mql["ended_at"] is None
        ]
        since = max(rules.effective_from, running[-1]["mql_at"])
        row["is_qualified_not_handed_over"] = not any(
            since <= at <= t and standing.q(at) for at in standing.direct_requests
        )


def contact_rows(facts: Facts, vocabulary: Vocabulary) -> Mart:
    """tables.md: dim_contacts, the contacts not erased as they are at `as_of`.

    The latest version is the contact; `created_at` is that of the first (Q1).
    """
    mart = []
    for contact_id, versions in facts.contacts.items():
        first, latest = versions.all[0], versions.all[-1]
        mart.append(
            {
                "contact_id": contact_id,
                "account_id": latest.account_id,
                "email": latest.email,
                "first_name": latest.first_name,
                "last_name": latest.last_name,
                "phone": latest.phone,
                "job_title": latest.job_title,
                "npi": latest.npi,
                "specialty": vocabulary.f1_specialty(latest.specialty),
                "role": vocabulary.f2_role(latest.role, latest.job_title),
                "state": in_capitals(latest.state),
                "country": in_capitals(latest.country),
                "version_count": len(versions.all),
                "created_at": first.created_at,
                "updated_at": latest.updated_at,
            }
        )
    return mart


def account_rows(
    facts: Facts, vocabulary: Vocabulary, definitions: list[Rules]
) -> Mart:
    """tables.md: dim_accounts, the accounts as they are at `as_of`.

    Territory and coverage are those of the definition official at `as_of`; with
    none, nobody sells anywhere.
    """
    official = next(
        (rules for rules in definitions if rules.v2_is_official_at(facts.as_of)), None
    )
    mart = []
    for account_id, versions in facts.accounts.items():
        latest = versions.all[-1]
        place = (latest.country, latest.state)
        mart.append(
            {
                "account_id": account_id,
                "parent_account_id": latest.parent_account_id,
                "owner_rep_id": latest.owner_rep_id,
                "account_name": latest.account_name,
                "facility_type": vocabulary.f3_facility_type(latest.facility_type),
                "state": in_capitals(latest.state),
                "country": in_capitals(latest.country),
                "territory": official.f4_territory(*place) if official else None,
                "coverage": official.f4_coverage(*place) if official else "uncovered",
                "bed_count": latest.bed_count,
                "version_count": len(versions.all),
                "updated_at": latest.updated_at,
            }
        )
    return mart


def build(raw: Raw, seeds: Seeds, as_of: datetime) -> dict[str, Mart]:
    """All marts of sections 1-9 and 11, as a run at `as_of` must give them.

    raw: table name -> rows of text cells; a missing optional table is an absent key.
    seeds: seed file stem -> rows of text cells.
    as_of: naive UTC.
    """
    seen = section_11_intake(raw, seeds, as_of)
    facts = t2_facts(seen, as_of)
    definitions = v1_definitions(seeds)
    vocabulary = Vocabulary(seeds)
    marts: dict[str, Mart] = {
        "dim_contacts": contact_rows(facts, vocabulary),
        "dim_accounts": account_rows(facts, vocabulary, definitions),
        "fct_contact_scores": [],
        "fct_score_ledger": [],
        "fct_contact_score_history": [],
        "fct_mqls": [],
        "fct_account_scores": [],
        "fct_account_mqls": [],
        "fct_quarantined_records": section_11_quarantine(seen),
        "fct_reconciliation": section_11_reconciliation(seen),
    }
    standings: dict[tuple, Standing] = {}
    for rules in definitions:
        people = [Person(facts, rules, contact_id) for contact_id in facts.contacts]
        for line in rules.lines:
            members: dict[str, list[Membership]] = defaultdict(list)
            for person in people:
                standing = Standing(person, line)
                standings[(rules.definition_id, person.contact_id, line)] = standing
                marts["fct_contact_scores"].append(score_row(standing, as_of))
                marts["fct_score_ledger"].extend(ledger_rows(standing))
                marts["fct_contact_score_history"].extend(history_rows(standing))
                marts["fct_mqls"].extend(section_8_mqls(standing))
                membership = Membership(standing)
                for account_id in person.account_ids:
                    members[account_id].append(membership)
            for account_id in facts.accounts:
                account = AccountStanding(
                    facts, rules, line, account_id, members[account_id]
                )
                marts["fct_account_scores"].append(account.score_row())
                marts["fct_account_mqls"].extend(account.mqls())

    v3_mark_official(
        marts["fct_mqls"],
        definitions,
        lambda mql: (mql["contact_id"], mql["product_line"]),
    )
    v3_mark_official(
        marts["fct_account_mqls"],
        definitions,
        lambda mql: (mql["account_id"], mql["product_line"]),
    )
    v3_mark_not_handed_over(marts["fct_contact_scores"], standings, marts["fct_mqls"])
    return marts
