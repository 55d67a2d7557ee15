"""Small random worlds that are mean in every way the scoring rules mention.

A world is a set of raw tables, an `as_of` and, where asked for, changed rule seeds.
It is made from one seed number, so a world that finds a difference can be made
again. Nothing here knows what a rule says of a case; it only makes the cases
happen: ties, boundaries to the microsecond, late and restated rows, bad input.

    seeds = read_seeds(root)
    world = make_world(7, seeds=seeds, change_rules=True)
    write_world(world, raw_folder)
    write_seeds(world.with_seeds(seeds), other_root)
"""

from __future__ import annotations

import copy
import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reference import (
    ALL_LINES,
    CONTRACT,
    GENERAL,
    Raw,
    Row,
    Seeds,
    days,
    t1_timestamp,
)

VOCABULARY = {
    "specialties",
    "roles",
    "role_title_patterns",
    "facility_types",
    "activity_types",
}
NEW_LINE = "diagnostics"
SECOND_DEFINITION = "second-official"

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
# Lengths of time, in days, at which some rule changes its mind.
BOUNDARY_DAYS = (14, 30, 60, 89, 90, 119, 120, 150, 179, 180, 240, 365)
BAD_TIMES = (
    "",
    "yesterday",
    "2026-13-01",
    "2026-02-30 10:00:00",
    "2026-01-05 25:00:00",
    "01/02/2026",
    "infinity",
    "2026-1-5",
    "null",
    "2026-01-05 10:00:00 Mars",
)
BED_COUNTS = ("200", "350", "650", "0", "12")
BAD_BED_COUNTS = ("", "n/a", "~250", "1,200", "two hundred", "-")


@dataclass
class World:
    """Raw tables as text, the moment of the run, and the rule seeds it changes.

    seed_changes maps a seed file stem to all rows of the changed file.
    """

    seed: int
    as_of: datetime
    raw: Raw
    seed_changes: Seeds = field(default_factory=dict)

    def with_seeds(self, seeds: Seeds) -> Seeds:
        """The seeds this world runs under: `seeds` with its changes."""
        return {**seeds, **self.seed_changes}


@dataclass
class Someone:
    """A contact in the making: its rows' common cells and when things happened."""

    contact_id: str
    born: datetime
    cells: dict[str, str]
    instants: list[datetime] = field(default_factory=list)
    versions: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)


class Words:
    """What the seeds offer to choose from, by what it means."""

    def __init__(self, seeds: Seeds) -> None:
        self.lines = sorted(
            {row["product_line"] for row in seeds["qualification_criteria"]}
            - {ALL_LINES}
        )
        self.types = [row["activity_type"] for row in seeds["activity_types"]]
        points = seeds["activity_points"]

        def types_with(column: str) -> list[str]:
            return sorted(
                {row["activity_type"] for row in points if row[column] == "true"}
            )

        self.direct_requests = types_with("is_direct_request")
        self.disqualifying = types_with("is_disqualifying")
        self.opt_ins = types_with("is_opt_in")
        self.once_per_asset = types_with("score_once_per_asset")
        self.daily = sorted(
            {row["activity_type"] for row in points if row["max_scored_per_day"]}
        )
        named = set(self.direct_requests + self.disqualifying + self.opt_ins)
        best: dict[str, float] = {}
        for row in points:
            kind = row["activity_type"]
            best[kind] = max(best.get(kind, 0.0), float(row["points"]))
        self.strong = [kind for kind in best if kind not in named and best[kind] >= 10]
        self.weak = [kind for kind in best if kind not in named and best[kind] < 10]

        self.specialties = seeds["specialties"]
        targets = {row["specialty"] for row in seeds["target_specialties"]}
        self.target_specialties = [
            row for row in self.specialties if row["specialty"] in targets
        ]
        self.roles_of: dict[str, list[str]] = {}
        for row in seeds["role_classes"]:
            if row["product_line"] == ALL_LINES:
                roles = self.roles_of.setdefault(row["role_class"], [])
                if row["role"] not in roles:
                    roles.append(row["role"])
        self.roles = [row["role"] for row in seeds["roles"]]
        self.title_patterns = seeds["role_title_patterns"]
        self.facilities_of: dict[str, list[str]] = {}
        for row in seeds["facility_classes"]:
            if row["product_line"] == ALL_LINES:
                kinds = self.facilities_of.setdefault(row["facility_class"], [])
                if row["facility_type"] not in kinds:
                    kinds.append(row["facility_type"])
        self.places_of: dict[str, list[tuple[str, str]]] = {}
        for row in seeds["geographies"]:
            state = row["state"] if row["state"] != ALL_LINES else "Anywhere"
            places = self.places_of.setdefault(row["coverage"], [])
            if (row["country"], state) not in places:
                places.append((row["country"], state))
        self.url_patterns = sorted({row["url_pattern"] for row in seeds["page_rules"]})
        reasons = seeds["rejection_reasons"]
        self.reasons = sorted({row["reason_code"] for row in reasons})
        self.reps = sorted({row["rep_id"] for row in seeds.get("routing_rules", [])})
        criteria = seeds["qualification_criteria"]
        limits = {row["max_silence_days"] for row in criteria}
        limits |= {row["direct_request_days"] for row in criteria}
        limits |= {row["hold_days"] for row in reasons}
        for column in (
            "inactivity_days",
            "topic_depth_days",
            "accepted_hold_days",
            "closed_opportunity_hold_days",
            "requalify_gap_days",
        ):
            limits |= {row[column] for row in seeds["definitions"]}
        silences = {row["max_silence_days"] for row in criteria}
        self.silences = sorted(float(silence) for silence in silences if silence)
        self.gaps = sorted(
            {float(row["requalify_gap_days"]) for row in seeds["definitions"]}
        )
        least = {row["min_bed_count"] for row in criteria if row["min_bed_count"]}
        self.bed_counts = [
            str(int(count) + more)
            for count in sorted(least)
            for more in (-1, 0, 0, 0, 1, 150, 150)
        ]
        until_change = [row for row in reasons if row["until_profile_change"] == "true"]
        self.profile_reasons = sorted({row["reason_code"] for row in until_change})
        # What a hand-over turns on: due times, its end, a change of definition.
        self.deadlines = sorted(
            {timedelta(hours=float(row["hours"])) for row in seeds["sla_policies"]}
        )
        open_for = {days(row["handoff_open_days"]) for row in seeds["definitions"]}
        self.deadlines += [*self.deadlines, *sorted(open_for - {None})]
        credited = {days(row["opportunity_link_days"]) for row in seeds["definitions"]}
        self.times_to_a_deal = sorted({0 * DAY, 3 * DAY, 20 * DAY, *credited} - {None})
        starts = {t1_timestamp(row["effective_from"]) for row in seeds["definitions"]}
        self.changes_of_definition = sorted(starts - {None})[1:]
        self.boundaries = sorted(
            {float(limit) for limit in limits if limit} | set(BOUNDARY_DAYS)
        )


class Maker:
    """Makes one world, row by row."""

    def __init__(self, rng: random.Random, words: Words, contacts: int) -> None:
        self.rng = rng
        self.words = words
        self.number_of_contacts = contacts
        self.rows: dict[str, list[Row]] = {table: [] for table in CONTRACT}
        self.as_of = datetime(2026, 6, 30) + rng.choice(
            [
                timedelta(0),
                timedelta(hours=13, minutes=7, microseconds=123456),
                timedelta(days=rng.randint(-90, 90)),
            ]
        )
        self.start = self.as_of - timedelta(days=rng.randint(500, 900))
        self.people: list[Someone] = []
        self.accounts: list[str] = []
        self.key_accounts: list[str] = []
        self.account_instants: dict[str, list[datetime]] = {}
        self.used_ids: set[str] = set()

    # Cells

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < probability

    def new_id(self, kind: str) -> str:
        """An id whose byte order says nothing about when it was made."""
        while True:
            head = self.rng.choice(["a", "A", "b", "B", "Z", "z", "_", "é", "9", "10"])
            body = self.rng.choice(["", "-", "x", "X"])
            made = f"{head}{body}{kind}{self.rng.randint(0, 99999)}"
            if made not in self.used_ids:
                self.used_ids.add(made)
                return made

    def odd_case(self, word: str) -> str:
        """The word, sometimes in odd case or with blanks at its ends."""
        if self.chance(0.75):
            return word
        word = self.rng.choice([word.upper(), word.lower(), word.title(), word])
        return self.rng.choice(["", " ", "  "]) + word + self.rng.choice(["", " "])

    def stamp(self, t: datetime) -> str:
        """A moment as text, in any of the forms a source may write."""
        text = t.isoformat(sep=" ")
        style = self.rng.random()
        if style < 0.60:
            return text
        if style < 0.75:
            return t.isoformat(sep="T")
        if style < 0.85:
            return t.isoformat(sep="T") + "Z"
        if style < 0.90:
            return (t + timedelta(hours=5, minutes=30)).isoformat(sep=" ") + "+05:30"
        if style < 0.95:
            return (t - timedelta(hours=7)).isoformat(sep="T") + "-07:00"
        if t == t.replace(hour=0, minute=0, second=0, microsecond=0):
            return t.date().isoformat()
        return text[:16] if (t.second, t.microsecond) == (0, 0) else text

    def yes(self) -> str:
        """A true cell."""
        return self.rng.choice(["true", "True", "TRUE", "t", "1", "yes", "Y"])

    def no(self) -> str:
        """A false cell."""
        return self.rng.choice(["false", "False", "f", "0", "no", "N", ""])

    def loaded(self, t: datetime) -> datetime:
        """When a row of moment `t` reaches the warehouse: soon, late, or oddly."""
        luck = self.rng.random()
        if luck < 0.80:
            return t + timedelta(seconds=self.rng.randint(0, 7200))
        if luck < 0.92:
            return t + timedelta(days=self.rng.randint(1, 45), microseconds=7)
        if luck < 0.95:
            return t - timedelta(hours=self.rng.randint(1, 20))
        if luck < 0.96:
            return t - DAY
        if luck < 0.98:
            return min(t + 30 * DAY, self.as_of)
        return t

    def line(self) -> str:
        """A product line cell: mostly blank, often a line, sometimes an unknown."""
        if self.chance(0.60):
            return ""
        if self.chance(0.06):
            return self.rng.choice(["implants", "unheard-of line"])
        return self.rng.choice(self.words.lines)

    def add(self, table: str, **cells: str) -> Row:
        """Add a row; columns not given are blank."""
        row: Row = {column: "" for column in CONTRACT[table]}
        row.update(cells)
        self.rows[table].append(row)
        return row

    def again(self, table: str, row: Row, **cells: str) -> Row:
        """Add a row once more, some cells changed."""
        return self.add(table, **{**row, **cells})

    # Times

    def next_moment(self, one: Someone, cursor: datetime) -> datetime:
        """The next moment of a contact's story, never before `cursor`.

        A tie, an exact boundary after something that happened (give or take a
        microsecond), or simply some time later.
        """
        luck = self.rng.random()
        if luck < 0.15:
            return cursor
        if luck < 0.45:
            base = self.rng.choice(one.instants[-6:] or [cursor])
            length = timedelta(days=self.rng.choice(self.words.boundaries))
            t = base + length + self.rng.choice([-TICK, 0 * TICK, 0 * TICK, TICK])
            if cursor <= t <= cursor + 200 * DAY:
                return t
        if luck < 0.75:
            return cursor + timedelta(minutes=self.rng.randint(1, 5 * 1440))
        return cursor + timedelta(
            days=self.rng.expovariate(1 / 14), microseconds=self.rng.randint(0, 3)
        )

    # Accounts

    def make_accounts(self) -> None:
        """Accounts of all kinds, with versions, contracts and deals of their own."""
        for _ in range(max(3, self.number_of_contacts // 5)):
            account_id = self.new_id("acc")
            self.accounts.append(account_id)
            self.make_account_versions(account_id)
            self.make_contracts(account_id)
            for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2])):
                self.make_opportunity(account_id, "", self.some_time())
        for _ in range(max(1, self.number_of_contacts // 15)):
            self.make_key_account()
        row = self.rows["accounts"][0]
        self.again("accounts", row, account_id="", account_name="No Key Hospital")
        self.again("accounts", row, updated_at=self.rng.choice(BAD_TIMES))
        self.again("accounts", row, loaded_at=self.rng.choice(BAD_TIMES))

    def some_time(self) -> datetime:
        """Any whole second of the story."""
        seconds = int((self.as_of - self.start).total_seconds())
        return self.start + timedelta(seconds=self.rng.randint(0, seconds))

    def facility_type(self, good: bool) -> str:
        """A facility type cell of a good, or of any, class."""
        if good:
            return self.odd_case(self.rng.choice(self.words.facilities_of["target"]))
        if self.chance(0.2):
            return self.rng.choice(["", "moon base", "Clinic of some kind"])
        kinds = self.words.facilities_of[self.rng.choice(["neutral", "disqualified"])]
        return self.odd_case(self.rng.choice(kinds))

    def place(self, coverage: str | None = None) -> tuple[str, str]:
        """A (country, state) of a coverage, or of none."""
        if coverage is None:
            coverage = self.rng.choice(["target", "covered", "uncovered", "nowhere"])
        places = self.words.places_of.get(coverage)
        if places is None:
            country, state = self.rng.choice(
                [("US", "ZZ"), ("DE", "BY"), ("", "NY"), ("US", ""), ("GB", "")]
            )
        else:
            country, state = self.rng.choice(places)
        return self.odd_case(country), self.odd_case(state)

    def account_cells(self, good: bool) -> dict[str, str]:
        """What one version says of an account."""
        beds = BED_COUNTS
        if good and self.words.bed_counts and self.chance(0.8):
            beds = self.words.bed_counts
        elif self.chance(0.5):
            beds = BAD_BED_COUNTS
        if self.chance(0.15):
            country, state = self.rng.choice([("US", ""), ("", ""), ("GB", "")])
        elif good:
            country, state = self.place("target")
        else:
            country, state = self.place()
        return {
            "facility_type": self.facility_type(good),
            "bed_count": self.rng.choice(beds),
            "state": state,
            "country": country,
        }

    def make_account_versions(self, account_id: str) -> None:
        """One to four versions, some with one `updated_at`, some seen too late."""
        good = self.chance(0.7)
        t = self.start - self.rng.randint(-60, 400) * DAY
        instants = self.account_instants[account_id] = []
        cells = self.account_cells(good)
        for _ in range(self.rng.choice([1, 1, 2, 3, 4])):
            instants.append(t)
            row = self.add(
                "accounts",
                account_id=account_id,
                account_name=f'{account_id} "Saint Elsewhere", No. {len(instants)}',
                parent_account_id=self.accounts[0] if len(instants) > 1 else "",
                owner_rep_id=self.rng.choice([*self.words.reps, "", "R-none"]),
                updated_at=self.stamp(t),
                loaded_at=self.stamp(self.loaded(t)),
                **cells,
            )
            if self.chance(0.15):
                other = self.account_cells(good)
                later = self.loaded(t) if self.chance(0.5) else self.as_of + TICK
                stamps = [row["loaded_at"], self.stamp(later)]
                self.again("accounts", row, loaded_at=self.rng.choice(stamps), **other)
            t += timedelta(days=self.rng.randint(20, 300), microseconds=1)
            if self.chance(0.7):
                fresh = self.account_cells(good or self.chance(0.5))
                for column in self.rng.sample(sorted(fresh), k=2):
                    cells[column] = fresh[column]

    def make_key_account(self) -> None:
        """An account that fits, known from the start, sometimes loaded late."""
        account_id = self.new_id("acc")
        t = self.start - 40 * DAY
        country, state = self.place("target")
        self.add(
            "accounts",
            account_id=account_id,
            account_name=f"{account_id} Key Hospital",
            facility_type=self.facility_type(True),
            bed_count="900",
            state=state,
            country=country,
            owner_rep_id=self.rng.choice([*self.words.reps, "", "R-none"]),
            updated_at=self.stamp(t),
            loaded_at=self.stamp(t if self.chance(0.8) else self.some_time()),
        )
        self.accounts.append(account_id)
        self.key_accounts.append(account_id)
        self.account_instants[account_id] = [t]
        if self.chance(0.3):
            self.make_contracts(account_id)

    def make_contracts(self, account_id: str) -> None:
        """Service contracts: own, a competitor's, endless, ending to the day."""
        for _ in range(self.rng.choice([0, 0, 1, 1, 2, 3])):
            starts = self.some_time() - self.rng.randint(0, 400) * DAY
            ends = starts + self.rng.randint(60, 700) * DAY
            if self.chance(0.15):
                ends = self.as_of + self.rng.choice([179, 180, 181]) * DAY
            provider = self.rng.choice(
                ["own", "own", "own", "competitor", "competitor", "somebody"]
            )
            row = self.add(
                "service_contracts",
                contract_id=self.new_id("con"),
                account_id=account_id if self.chance(0.95) else "",
                provider=provider,
                starts_on=starts.date().isoformat(),
                ends_on="" if self.chance(0.2) else ends.date().isoformat(),
                updated_at=self.stamp(starts - DAY),
                loaded_at=self.stamp(starts - DAY + timedelta(hours=2)),
            )
            if self.chance(0.2):
                ends += self.rng.choice([-30, 30, 365]) * DAY
                self.again(
                    "service_contracts",
                    row,
                    ends_on=ends.date().isoformat(),
                    updated_at=self.stamp(starts + self.rng.choice([-1, 5]) * DAY),
                    loaded_at=self.stamp(starts + 5 * DAY),
                )
            self.account_instants[account_id].append(
                datetime(ends.year, ends.month, ends.day)
            )

    # Contacts

    def make_people(self) -> None:
        """Contacts with their versions; half fit well."""
        ids = [self.new_id("c") for _ in range(self.number_of_contacts)]
        # Two people whose ids differ in case only.
        ids[-1] = ids[0].swapcase()
        self.used_ids.update(ids)
        for contact_id in ids:
            self.make_person(contact_id)
        # Whatever luck says, somebody is erased: by the last version a run can see.
        gone = self.people[1]
        self.add(
            "contacts",
            **gone.cells,
            **gone.versions[-1][1],
            updated_at=self.stamp(self.as_of),
            is_deleted=self.yes(),
            loaded_at=self.stamp(self.as_of),
        )
        row = self.rows["contacts"][0]
        self.again("contacts", row, contact_id=self.rng.choice(["", "  "]))
        self.again("contacts", row, updated_at=self.rng.choice(BAD_TIMES))
        self.again("contacts", row, created_at=self.rng.choice(BAD_TIMES))
        self.again("contacts", row, loaded_at=self.rng.choice(BAD_TIMES))

    def specialty_cell(self, good: bool) -> str:
        """A specialty as code, name or NUCC code, in any case, or unknown."""
        if not good and self.chance(0.2):
            return self.rng.choice(["", "astrology", "   "])
        rows = self.words.target_specialties if good else self.words.specialties
        row = self.rng.choice(rows)
        column = self.rng.choice(["specialty", "specialty_name", "nucc_code"])
        return self.odd_case(row[column] or row["specialty"])

    def role_and_title(self, good: bool) -> tuple[str, str]:
        """A role cell and a job title; the title decides where the role is no role."""
        classes = ["decision_maker"] if good else sorted(self.words.roles_of)
        role = self.rng.choice(self.words.roles_of[self.rng.choice(classes)])
        title = self.title_for(role)
        luck = self.rng.random()
        if luck < 0.5:
            other = self.rng.choice(self.words.title_patterns)["title_pattern"]
            return self.odd_case(role), title if luck < 0.3 else self.title_from(other)
        if luck < 0.85:
            return self.rng.choice(["", "wizard", "  "]), title
        odd = ["", "Director", "Doctor", "CTO", "doctor, director & actor", "¿?"]
        return "", self.rng.choice(odd)

    def title_for(self, role: str) -> str:
        """A job title that one of the role's patterns matches."""
        patterns = [
            row["title_pattern"]
            for row in self.words.title_patterns
            if row["role"] == role
        ]
        return self.title_from(self.rng.choice(patterns)) if patterns else ""

    def title_from(self, pattern: str) -> str:
        """A job title made from a pattern, with other signs for its blanks."""
        title = pattern.replace("%", self.rng.choice([" ", " senior ", " & "]))
        title = title.replace("_", " ").strip()
        title = self.rng.choice([title, title.title(), title.upper()])
        return title.replace(" ", self.rng.choice([" ", " ", ", ", "/", "-", "  "]))

    def profile_cells(self, good: bool) -> dict[str, str]:
        """What one version says of a contact."""
        role, title = self.role_and_title(good)
        account_id = self.rng.choice(self.accounts[: max(2, len(self.accounts) // 2)])
        if self.chance(0.3):
            account_id = self.rng.choice(self.accounts)
        if self.chance(0.06):
            account_id = self.rng.choice(["", "no-such-account", account_id.swapcase()])
        country, state = self.place("target" if good else None)
        return {
            "job_title": title,
            "specialty": self.specialty_cell(good),
            "role": role,
            "account_id": account_id,
            "state": state,
            "country": country,
        }

    def make_person(self, contact_id: str) -> None:
        """One contact and its versions."""
        good = self.chance(0.6)
        born = self.start + timedelta(seconds=self.rng.randint(0, 300 * 86400))
        t = born
        if self.chance(0.25):
            # Known to the CRM only after the first activities, or to the rules
            # (created_at) only after the first version.
            t = born + self.rng.choice([-30, -1, 1, 20, 90]) * DAY
        one = Someone(
            contact_id,
            min(born, t),
            {
                "contact_id": contact_id,
                "created_at": self.stamp(born),
                "email": f"{contact_id}@example.org",
                "first_name": self.rng.choice(["Ada", "Zoë", "O'Neil", "Jo, Jr."]),
                "last_name": self.rng.choice(["Lovelace", "Núñez", 'Mc"Quote']),
                "phone": "+1 555 0100",
                "npi": str(self.rng.randint(10**9, 10**10 - 1)),
            },
        )
        if self.chance(0.2):
            one.born -= 60 * DAY
        self.people.append(one)
        cells = self.profile_cells(good)
        versions = self.rng.choice([1, 1, 1, 2, 3, 4])
        for number in range(versions):
            self.make_version(one, t, cells)
            one.instants.append(t)
            if number + 1 == versions:
                break
            t += timedelta(days=self.rng.randint(5, 250), microseconds=1)
            fresh = self.profile_cells(good or self.chance(0.3))
            for column in self.rng.sample(sorted(fresh), k=self.rng.choice([0, 1, 2])):
                cells[column] = fresh[column]
        self.erase_perhaps(one, t, cells)

    def make_version(self, one: Someone, t: datetime, cells: dict[str, str]) -> None:
        """One version of a contact, sometimes restated with the same `updated_at`."""
        one.versions.append((t, dict(cells)))
        phone = f"+1 555 01{len(one.versions):02d}"
        row = self.add(
            "contacts",
            **(one.cells | {"phone": phone}),
            **cells,
            updated_at=self.stamp(t),
            is_deleted=self.no(),
            loaded_at=self.stamp(self.loaded(t)),
        )
        if self.chance(0.12):
            later = [row["loaded_at"], self.stamp(t + 3 * DAY)]
            later.append(self.stamp(self.as_of + TICK))
            self.again(
                "contacts",
                row,
                **self.profile_cells(True),
                loaded_at=self.rng.choice(later),
            )

    def erase_perhaps(self, one: Someone, t: datetime, cells: dict[str, str]) -> None:
        """Sometimes a deletion, one taken back, or one the run cannot see yet."""
        luck = self.rng.random()
        if luck > 0.12:
            return
        deleted = t + self.rng.randint(1, 60) * DAY
        loaded = deleted + timedelta(hours=1)
        if luck > 0.09:
            loaded = self.as_of + TICK
        self.add(
            "contacts",
            **one.cells,
            **cells,
            updated_at=self.stamp(deleted),
            is_deleted=self.yes(),
            loaded_at=self.stamp(loaded),
        )
        if luck < 0.05:
            back = deleted + self.rng.choice([0, 1, 30]) * DAY
            self.add(
                "contacts",
                **one.cells,
                **cells,
                updated_at=self.stamp(back),
                is_deleted=self.no(),
                loaded_at=self.stamp(back + timedelta(hours=2)),
            )

    # Activities

    def activity(self, one: Someone, kind: str, t: datetime, **cells: str) -> Row:
        """One activity, sometimes a duplicate, restated, or machine-made."""
        row = self.add(
            "activities",
            **{
                "activity_id": self.new_id("act"),
                "contact_id": one.contact_id,
                "activity_type": kind,
                "occurred_at": self.stamp(t),
                "campaign": self.rng.choice(["", "spring", "Q3, late"]),
                "product_line": self.line(),
                "is_machine": self.yes() if self.chance(0.03) else self.no(),
                "loaded_at": self.stamp(self.loaded(t)),
                **cells,
            },
        )
        one.instants.append(t)
        if self.chance(0.06):
            self.restate(row, t)
        return row

    def restate(self, row: Row, t: datetime) -> None:
        """The same activity again: identical, corrected, or corrected too late."""
        luck = self.rng.random()
        if luck < 0.25:
            self.again("activities", row)
            return
        moved = t + self.rng.choice([-1, 0, 1]) * self.rng.choice([TICK, DAY])
        loaded = row["loaded_at"]
        if luck > 0.5:
            loaded = self.stamp(max(moved, t) + 2 * DAY)
        if luck > 0.9:
            loaded = self.stamp(self.as_of + TICK)
        kind = row["activity_type"]
        if self.chance(0.3):
            kind = self.rng.choice(self.words.types)
        contact_id = row["contact_id"]
        if self.chance(0.1):
            contact_id = self.rng.choice(self.people).contact_id
        self.again(
            "activities",
            row,
            occurred_at=self.stamp(moved),
            activity_type=kind,
            contact_id=contact_id,
            product_line=self.line(),
            loaded_at=loaded,
        )

    def page_url(self) -> str:
        """A URL that a page rule matches, or one that only seems to."""
        luck = self.rng.random()
        if luck < 0.1:
            return self.rng.choice(["", "https://med.example/", "not a url"])
        pattern = self.rng.choice(self.words.url_patterns)
        path = pattern.replace("%", self.rng.choice(["", "s", "/x/", "-a"]))
        path = path.replace("_", self.rng.choice(["_", "-"]))
        if luck < 0.2:
            return "https://med.example/news?from=" + path + "#" + path
        url = "https://Med.Example/en" + path
        url += self.rng.choice(["", "", "?utm=/careers", "#top", "?a=b#c"])
        return url.upper() if self.chance(0.15) else url

    def email_group(self, one: Someone, t: datetime) -> None:
        """A send with opens and clicks around the machine's three seconds."""
        luck = self.rng.random()
        message = self.rng.choice(["m1", "M1", self.new_id("msg"), self.new_id("msg")])
        if luck < 0.1:
            message = ""
        flagged = self.yes() if self.chance(0.1) else self.no()
        if self.chance(0.9):
            self.activity(one, "email_send", t, message_id=message, is_machine=flagged)
        delays = [
            -TICK,
            timedelta(0),
            timedelta(seconds=3) - TICK,
            timedelta(seconds=3),
            timedelta(seconds=4),
            timedelta(hours=5),
            timedelta(days=2),
        ]
        for _ in range(self.rng.randint(1, 4)):
            kind = self.rng.choice(["email_open", "email_open", "email_click"])
            at = t + self.rng.choice(delays)
            self.activity(one, kind, at, message_id=message)

    def download_group(self, one: Someone, t: datetime) -> None:
        """Downloads on a topic, up to the day the window closes."""
        topic = self.rng.choice(["spine", "Spine", "spine ", "robots", "", "  "])
        windows = [b for b in self.words.boundaries if 30 <= b <= 120]
        length = timedelta(days=self.rng.choice(windows))
        moments = [t, t + length * 0.5, t + length, t + length + TICK, t, t + length]
        for at in self.rng.sample(moments, k=self.rng.randint(2, 5)):
            asset = self.rng.choice([self.new_id("asset"), "brochure", "study", ""])
            self.activity(one, "content_download", at, topic=topic, asset_name=asset)

    def daily_group(self, one: Someone, t: datetime) -> None:
        """More of a type than a day scores, across midnight, with ties."""
        kind = self.rng.choice(self.words.daily or self.words.weak)
        midnight = t.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        for at in (t, t, midnight - TICK, midnight)[: self.rng.randint(2, 4)]:
            asset = self.rng.choice(["", "booth 12", self.new_id("asset")])
            self.activity(one, kind, at, asset_name=asset)

    def one_activity(self, one: Someone, kind: str, t: datetime) -> None:
        """One activity of a type, with the cells such a type has."""
        cells = {}
        if kind.startswith("email"):
            cells["message_id"] = self.rng.choice(["m1", "m2", self.new_id("msg"), ""])
        elif kind.endswith("page_view"):
            cells["page_url"] = self.page_url()
        else:
            cells["asset_name"] = self.rng.choice(["", "study", self.new_id("asset")])
            cells["topic"] = self.rng.choice(["", "spine", "robots"])
        self.activity(one, kind, t, **cells)

    def opt_in_and_out(self, one: Someone, t: datetime) -> None:
        """Suppressions and what ends them, often at one instant."""
        words = self.words
        for _ in range(self.rng.randint(1, 3)):
            kinds = self.rng.choice(
                [words.disqualifying, words.opt_ins, words.direct_requests]
            )
            flagged = self.yes() if self.chance(0.1) else self.no()
            self.activity(one, self.rng.choice(kinds), t, is_machine=flagged)
            if self.chance(0.4):
                t = t + self.rng.choice([TICK, timedelta(hours=3), 5 * DAY])

    # Sales

    def make_disposition(self, one: Someone, t: datetime) -> None:
        """A rep's verdict, of any outcome, with ties and restatements."""
        line = self.line()
        for _ in range(self.rng.choice([1, 1, 1, 2])):
            outcome = self.rng.choice(
                ["accepted", "rejected", "rejected", "rejected", "contacted", "hmm", ""]
            )
            reason = self.rng.choice([*self.words.reasons, "", "bad_mood"])
            row = self.add(
                "dispositions",
                disposition_id=self.new_id("dis"),
                contact_id=one.contact_id,
                account_id=self.rng.choice(["", self.rng.choice(self.accounts)]),
                product_line=line,
                rep_id=self.rng.choice([*self.words.reps, ""]),
                outcome=outcome,
                reason_code=reason if outcome == "rejected" or self.chance(0.1) else "",
                reason_text=self.rng.choice(["", "said no, twice", 'a "maybe"\nor so']),
                disposed_at=self.stamp(t),
                loaded_at=self.stamp(self.loaded(t)),
            )
            if self.chance(0.1):
                self.again(
                    "dispositions",
                    row,
                    outcome=self.rng.choice(["accepted", "rejected", "contacted"]),
                    loaded_at=self.stamp(t + self.rng.choice([1, 9000]) * DAY),
                )
            line = self.line()
        one.instants.append(t)

    def make_opportunity(self, account_id: str, contact_id: str, t: datetime) -> None:
        """A deal: open, closed, reopened, with or without contact and line."""
        if self.chance(0.1):
            account_id = ""
        closed = t + timedelta(days=self.rng.choice([1, 20, 60, 150]))
        is_closed = self.chance(0.75)
        updated = min(closed if is_closed else t, self.as_of)
        row = self.add(
            "opportunities",
            opportunity_id=self.new_id("opp"),
            account_id=account_id,
            contact_id=contact_id,
            product_line=self.line(),
            stage=self.rng.choice(["open", "closed_won", "closed_lost"]),
            amount_usd=self.rng.choice(["250000", "1200.5", "", "n/a"]),
            created_at=self.stamp(t),
            closed_at=self.stamp(closed) if is_closed else "",
            is_won=self.rng.choice([self.yes(), self.no()]),
            updated_at=self.stamp(updated),
            loaded_at=self.stamp(updated + timedelta(minutes=5)),
        )
        if self.chance(0.15):
            again = closed + self.rng.choice([10, 100]) * DAY
            self.again(
                "opportunities",
                row,
                closed_at=self.rng.choice([self.stamp(again), "", row["closed_at"]]),
                updated_at=self.rng.choice([row["updated_at"], self.stamp(again)]),
                loaded_at=self.stamp(again),
            )

    def answer(self, t: datetime, **who: str) -> None:
        """What sales says of a contact or an account at one moment, or says twice."""
        rng = self.rng
        line = rng.choice(["", "", rng.choice(self.words.lines), self.line()])
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            outcome = rng.choice(
                [*["contacted"] * 5, *["accepted"] * 2, *["rejected"] * 3, "hmm", ""]
            )
            reasons = [*self.words.reasons, "other", "other", "", "bad_mood"]
            self.add(
                "dispositions",
                **who,
                disposition_id=self.new_id("dis"),
                product_line=line,
                rep_id=rng.choice([*self.words.reps, ""]),
                outcome=outcome,
                reason_code=rng.choice(reasons) if outcome != "contacted" else "",
                reason_text=rng.choice(["", "", "  ", "said no, twice"]),
                disposed_at=self.stamp(t),
                loaded_at=self.stamp(self.loaded(t)),
            )
            if self.chance(0.5):
                line = self.line()

    # Stories

    def tell(self, one: Someone) -> None:
        """What a contact does from its first day on, until its story ends."""
        words, rng = self.words, self.rng
        cursor = one.born
        end = self.as_of + 2 * DAY
        if self.chance(0.5):
            silence = timedelta(days=rng.choice(words.boundaries))
            end = self.as_of - silence + rng.choice([-TICK, 0 * TICK, TICK])
        if self.chance(0.05):
            return
        budget = rng.randint(8, 32)
        while budget > 0:
            cursor = self.next_moment(one, cursor)
            if cursor > end:
                break
            budget -= 1
            luck = rng.random()
            if luck < 0.30:
                self.one_activity(one, rng.choice(words.strong), cursor)
            elif luck < 0.42:
                self.one_activity(one, rng.choice(words.weak), cursor)
            elif luck < 0.55:
                self.one_activity(one, "page_view", cursor)
            elif luck < 0.65:
                self.email_group(one, cursor)
            elif luck < 0.72:
                self.download_group(one, cursor)
            elif luck < 0.77:
                self.daily_group(one, cursor)
            elif luck < 0.84:
                self.one_activity(one, rng.choice(words.direct_requests), cursor)
            elif luck < 0.88:
                self.opt_in_and_out(one, cursor)
            elif luck < 0.95:
                self.make_disposition(one, cursor)
            elif luck < 0.98:
                account_id = rng.choice([*self.accounts, ""])
                self.make_opportunity(account_id, one.contact_id, cursor)
                one.instants.append(cursor)
            else:
                self.one_activity(one, rng.choice(words.types), cursor)
        if end < self.as_of and cursor < end:
            # The last engagement lies exactly one boundary before the run.
            self.one_activity(one, rng.choice(words.strong), end)

    def busy_account(self, account_id: str) -> None:
        """Several people of one account engage within days, and sales answers."""
        people = [
            one
            for one in self.people
            if any(
                row["contact_id"] == one.contact_id and row["account_id"] == account_id
                for row in self.rows["contacts"]
            )
        ]
        t = self.some_time()
        for one in people[:6]:
            for _ in range(self.rng.randint(1, 4)):
                at = t + timedelta(hours=self.rng.randint(0, 300))
                self.one_activity(one, self.rng.choice(self.words.strong), at)
        for _ in range(self.rng.randint(0, 4)):
            at = t + timedelta(hours=self.rng.randint(100, 900))
            self.answer(at, account_id=account_id)
        if self.chance(0.5):
            later = t + timedelta(days=self.rng.randint(13, 60))
            self.make_opportunity(account_id, "", later)

    def prospect(self) -> Someone:
        """Somebody who fits and whom nothing has spoiled, mostly at a key account."""
        rng = self.rng
        contact_id = self.new_id("c")
        t = self.start - 20 * DAY
        born = {"contact_id": contact_id, "created_at": self.stamp(t)}
        cells = self.profile_cells(True)
        cells["account_id"] = rng.choice(self.key_accounts)
        cells["role"] = rng.choice(self.words.roles_of["decision_maker"])
        if self.chance(0.15):
            cells["account_id"] = rng.choice(["", "no-such-account"])
        one = Someone(contact_id, t, born)
        self.people.append(one)
        self.make_version(one, t, cells)
        return one

    def conversation(self, one: Someone, t: datetime) -> None:
        """Sales is handed somebody; then, at every boundary, something happens."""
        rng = self.rng
        marks = [t]
        if t in self.words.changes_of_definition:
            self.before_the_change(one, t)
        else:
            self.interest(one, t)
        for _ in range(rng.randint(2, 8)):
            t = self.next_mark(t, marks)
            if t > self.as_of + DAY:
                break
            marks.append(t)
            luck = rng.random()
            if luck < 0.40:
                self.answer(t, contact_id=one.contact_id)
            elif luck < 0.60:
                self.interest(one, t)
            elif luck < 0.75:
                self.prompt_activity(one, rng.choice(self.words.direct_requests), t)
            elif luck < 0.85:
                self.opt_in_and_out(one, t)
            elif luck < 0.93:
                self.new_owner(one, t)
            else:
                cells = self.version_cells(one, t)
                cells["account_id"] = rng.choice([*self.key_accounts, ""])
                self.make_version(one, t, cells)
        self.deals(one, marks)

    def deals(self, one: Someone, marks: list[datetime]) -> None:
        """What comes of a conversation: deals of the person, or of the account alone,
        soon or when they are just credited, or just no more."""
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            t = self.rng.choice(marks) + self.rng.choice(self.words.times_to_a_deal)
            t += self.a_tick()
            if t <= self.as_of + DAY:
                account_id = self.version_cells(one, t)["account_id"]
                who = self.rng.choice([one.contact_id, one.contact_id, ""])
                self.make_opportunity(account_id, who, t)

    def opening_time(self) -> datetime:
        """When a conversation opens: any time, before or as a new definition takes
        effect, or so that a deadline falls on the run itself."""
        luck = self.rng.random()
        if luck < 0.35 and self.words.changes_of_definition:
            change = self.rng.choice(self.words.changes_of_definition)
            return change - self.rng.choice([0, 1, 10, 40]) * DAY
        if luck < 0.60:
            return self.as_of - self.rng.choice(self.words.deadlines) - self.a_tick()
        return self.some_time()

    def next_mark(self, t: datetime, marks: list[datetime]) -> datetime:
        """The next moment of a conversation: a deadline of an earlier one, or soon."""
        rng = self.rng
        if self.chance(0.6):
            base = rng.choice([marks[0], marks[0], marks[-1], rng.choice(marks)])
            deadline = base + rng.choice(self.words.deadlines) + self.a_tick()
            if deadline >= t:
                return deadline
        soon = [timedelta(0), TICK, timedelta(hours=1), timedelta(hours=30)]
        return t + rng.choice([*soon, 3 * DAY, 20 * DAY, 35 * DAY, 100 * DAY])

    def a_tick(self) -> timedelta:
        """A microsecond more, less, or none."""
        return self.rng.choice([-TICK, 0 * TICK, 0 * TICK, TICK])

    def before_the_change(self, one: Someone, change: datetime) -> None:
        """A little interest, enough for one definition perhaps, and then a request
        under the next one, once or twice."""
        rng = self.rng
        for _ in range(rng.randint(1, 6)):
            t = change - rng.choice([TICK, timedelta(hours=5), 4 * DAY, 30 * DAY])
            kinds = rng.choice([self.words.weak, self.words.strong])
            self.prompt_activity(one, rng.choice(kinds), t)
        if self.chance(0.3):
            cells = self.version_cells(one, change)
            cells["account_id"] = rng.choice(self.key_accounts)
            self.make_version(one, change - rng.choice([-1, 0, 1, 2]) * DAY, cells)
        t = change
        for _ in range(rng.choice([1, 1, 2])):
            t += rng.choice([0 * TICK, TICK, 2 * DAY, 20 * DAY])
            self.prompt_activity(one, rng.choice(self.words.direct_requests), t)

    def interest(self, one: Someone, t: datetime) -> None:
        """What makes an MQL at one instant, of one line, of several, or of all."""
        rng = self.rng
        lines = ["", rng.choice(self.words.lines), rng.choice(self.words.lines)]
        kinds = [self.words.strong, self.words.strong, self.words.direct_requests]
        for line in rng.sample(lines, k=rng.choice([1, 1, 2, 3])):
            kind = rng.choice(rng.choice(kinds))
            for _ in range(rng.choice([1, 2, 5, 8])):
                self.prompt_activity(one, kind, t, product_line=line)

    def prompt_activity(
        self, one: Someone, kind: str, t: datetime, **cells: str
    ) -> None:
        """An activity that is new, mostly loaded at once, so that clocks start then."""
        if self.chance(0.8):
            cells["loaded_at"] = self.stamp(t)
        self.activity(one, kind, t, asset_name=self.new_id("asset"), **cells)

    def new_owner(self, one: Someone, t: datetime) -> None:
        """The contact's account changes hands at `t`, or so one hears later."""
        account_id = self.version_cells(one, t)["account_id"]
        rows = [row for row in self.rows["accounts"] if row["account_id"] == account_id]
        if rows:
            self.again(
                "accounts",
                rows[-1],
                owner_rep_id=self.rng.choice([*self.words.reps, "", "R-none"]),
                updated_at=self.stamp(t),
                loaded_at=self.stamp(self.loaded(t)),
            )

    def merging_story(self, one: Someone) -> None:
        """A burst of points, a lapse by silence, and a return around the gap."""
        rng = self.rng
        t = self.some_time() - 150 * DAY
        latest = max([at for at in one.instants if at < self.as_of], default=t)
        if latest < self.as_of - 180 * DAY:
            # After all else, so that nothing breaks the silence.
            t = latest + DAY
        kind = rng.choice(self.words.strong)
        line = rng.choice(["", "", rng.choice(self.words.lines)])

        def engage(kind: str, at: datetime) -> None:
            cells = {"asset_name": self.new_id("asset"), "product_line": line}
            self.activity(one, kind, at, **cells)

        for _ in range(rng.choice([1, 2, 3, 4, 5, 6, 12, 14])):
            t += timedelta(hours=rng.randint(0, 30))
            engage(kind, t)
        lapses = [*self.words.silences, *self.words.silences, 90, 120, 150]
        lapse = t + rng.choice(lapses) * DAY
        gap = rng.choice([*self.words.gaps, *self.words.gaps, 5, 29]) * DAY
        back = lapse + gap + rng.choice([-TICK, 0 * TICK, TICK])
        if lapse < self.as_of and self.chance(0.15):
            self.first_heard_of_at(one, lapse)
        if back < self.as_of:
            kinds = [kind, kind, rng.choice(self.words.direct_requests)]
            engage(rng.choice(kinds), back)

    def first_heard_of_at(self, one: Someone, t: datetime) -> None:
        """Moves the only version of a contact, if it has one only, to `t`."""
        rows = self.rows["contacts"]
        mine = [row for row in rows if row["contact_id"] == one.contact_id]
        if len(mine) == 1:
            mine[0]["updated_at"] = mine[0]["loaded_at"] = self.stamp(t)
            one.versions = [(t, cells) for _, cells in one.versions]

    def wrong_person_story(self, one: Someone) -> None:
        """Rejected for who they are; then one thing changes, or only seems to."""
        if not self.words.profile_reasons:
            return
        rng = self.rng
        t = max(self.some_time() - 120 * DAY, min(at for at, _ in one.versions))
        line = self.line()
        kinds = [*self.words.strong, *self.words.direct_requests]

        def engage(since: datetime) -> None:
            for _ in range(rng.randint(2, 4)):
                at = since + timedelta(hours=rng.randint(0, 40))
                cells = {"asset_name": self.new_id("asset"), "product_line": line}
                self.activity(one, rng.choice(kinds), at, **cells)

        engage(t - 2 * DAY)
        self.add(
            "dispositions",
            disposition_id=self.new_id("dis"),
            contact_id=one.contact_id,
            product_line=line,
            outcome="rejected",
            reason_code=rng.choice(self.words.profile_reasons),
            disposed_at=self.stamp(t),
            loaded_at=self.stamp(t),
        )
        cells = self.version_cells(one, t)
        changed = t + rng.choice([0 * TICK, TICK, 3 * DAY, 10 * DAY])
        what = rng.choice(
            ["nothing", "notation", "title", "role", "specialty", "account", "beds"]
        )
        if what == "notation":
            cells["specialty"] = self.other_notation(cells["specialty"])
            cells["role"] = cells["role"].upper() + " "
        elif what == "title":
            cells["job_title"] += ", MD"
        elif what == "role":
            cells["role"] = rng.choice(self.words.roles_of["decision_maker"])
        elif what == "specialty":
            cells["specialty"] = self.specialty_cell(True)
        elif what == "account":
            cells["account_id"] = rng.choice(self.accounts)
        if what == "beds":
            self.another_account_version(
                rng.choice([cells["account_id"], rng.choice(self.accounts)]), changed
            )
        else:
            self.make_version(one, changed, cells)
        one.instants.append(changed)
        engage(changed + rng.choice([0, 0, 1, 5]) * DAY)
        engage(changed + 40 * DAY)

    def version_cells(self, one: Someone, t: datetime) -> dict[str, str]:
        """What the version of a contact at `t` says."""
        known = [version for version in one.versions if version[0] <= t]
        _, cells = max(known or one.versions[:1], key=lambda version: version[0])
        return dict(cells)

    def other_notation(self, specialty: str) -> str:
        """The same specialty as another of its names."""
        for row in self.words.specialties:
            names = [row["specialty"], row["specialty_name"], row["nucc_code"]]
            if specialty.strip().lower() in [name.lower() for name in names]:
                return self.rng.choice([name for name in names if name])
        return specialty

    def another_account_version(self, account_id: str, t: datetime) -> None:
        """A version of an account that changes its beds, its type, or only its name."""
        rows = [row for row in self.rows["accounts"] if row["account_id"] == account_id]
        if not rows:
            return
        changes = [
            {"bed_count": "777"},
            {"facility_type": self.facility_type(True)},
            {"account_name": "Renamed Hospital"},
            {"facility_type": rows[-1]["facility_type"].upper()},
        ]
        stamps = {"updated_at": self.stamp(t), "loaded_at": self.stamp(t)}
        self.again("accounts", rows[-1], **stamps, **self.rng.choice(changes))

    def bad_activities(self) -> None:
        """Rows that section 11 refuses, and rows at its very edges."""
        one, rng = self.rng.choice(self.people), self.rng
        t = self.some_time()
        row = self.activity(one, rng.choice(self.words.strong), t)

        def spoiled(**cells: str) -> None:
            cells = {"activity_id": self.new_id("bad"), **cells}
            self.again("activities", row, **cells)

        spoiled(activity_id=rng.choice(["", "  "]))
        spoiled(contact_id=rng.choice(["", " "]))
        spoiled(occurred_at=rng.choice(BAD_TIMES))
        spoiled(loaded_at=rng.choice(BAD_TIMES))
        spoiled(activity_type=rng.choice(["", "telepathy", "Page_View"]))
        spoiled(contact_id="nobody")
        spoiled(contact_id=one.contact_id.swapcase() + "?")
        spoiled(loaded_at=self.stamp(t - DAY))
        spoiled(loaded_at=self.stamp(t - DAY - TICK))
        spoiled(loaded_at=self.stamp(self.as_of))
        spoiled(loaded_at=self.stamp(self.as_of + TICK))
        for moment in (self.as_of, self.as_of + TICK, self.as_of + 3 * DAY):
            loaded = min(moment, self.as_of)
            spoiled(occurred_at=self.stamp(moment), loaded_at=self.stamp(loaded))
        # A bad row does not compete with the good row of its key.
        self.again("activities", row, occurred_at="never", loaded_at=row["loaded_at"])
        self.again("activities", row, activity_type="telepathy")
        self.again("activities", row, contact_id="nobody", loaded_at=row["loaded_at"])

    def bad_sales_rows(self) -> None:
        """Dispositions, deals, contracts and reps that section 11 refuses."""
        one, rng = self.rng.choice(self.people), self.rng
        t = self.some_time()
        self.make_disposition(one, t)
        row = self.rows["dispositions"][-1]
        self.again("dispositions", row, disposition_id="")
        self.again(
            "dispositions",
            row,
            disposition_id=self.new_id("dis"),
            disposed_at=rng.choice(BAD_TIMES),
        )
        self.again(
            "dispositions",
            row,
            disposition_id=self.new_id("dis"),
            contact_id="",
            account_id=rng.choice(self.accounts),
        )
        self.again(
            "dispositions",
            row,
            disposition_id=self.new_id("dis"),
            disposed_at=self.stamp(self.as_of + TICK),
            loaded_at=self.stamp(self.as_of),
        )
        self.make_opportunity(rng.choice(self.accounts), one.contact_id, t)
        row = self.rows["opportunities"][-1]
        self.again("opportunities", row, opportunity_id="")
        for column in ("created_at", "updated_at", "loaded_at"):
            self.again(
                "opportunities",
                row,
                opportunity_id=self.new_id("opp"),
                **{column: rng.choice(BAD_TIMES)},
            )
        self.make_contracts(self.accounts[0])
        if self.rows["service_contracts"]:
            row = self.rows["service_contracts"][-1]
            self.again("service_contracts", row, contract_id="")
            self.again(
                "service_contracts",
                row,
                contract_id=self.new_id("con"),
                updated_at=rng.choice(BAD_TIMES),
            )

    def make_reps(self) -> None:
        """Sales reps, active and not, one unknown, one that changed, one that will."""
        t = self.start
        reps = self.rng.sample(self.words.reps, k=max(0, len(self.words.reps) - 1))
        for rep_id in [*sorted(reps), "R-99"]:
            row = self.add(
                "sales_reps",
                rep_id=rep_id,
                rep_name=f"Rep {rep_id}",
                rep_email=f"{rep_id}@example.org",
                monthly_capacity=self.rng.choice(["20", "", "lots"]),
                is_active=self.rng.choice([self.yes(), self.yes(), self.no()]),
                loaded_at=self.stamp(t),
            )
        self.again("sales_reps", row, is_active="false", loaded_at=self.stamp(t + DAY))
        changes = [self.as_of - DAY, self.as_of, self.as_of + TICK]
        for changed, loaded in zip(self.rows["sales_reps"][:3], changes, strict=True):
            is_active = self.rng.choice([self.yes(), self.no()])
            loaded_at = self.stamp(loaded)
            self.again("sales_reps", changed, is_active=is_active, loaded_at=loaded_at)
        self.again("sales_reps", row, rep_id="")
        self.again("sales_reps", row, rep_id="R-98", loaded_at="soon")

    def tables(self) -> Raw:
        """Everything, in an order that tells nothing."""
        self.make_accounts()
        self.make_people()
        for one in self.people:
            self.tell(one)
        for one in self.rng.sample(self.people, k=len(self.people) // 4):
            self.merging_story(one)
        for one in self.rng.sample(self.people, k=len(self.people) // 4):
            self.wrong_person_story(one)
        for _ in range(max(2, len(self.accounts) // 2)):
            self.busy_account(self.rng.choice(self.accounts))
        for _ in range(max(3, self.number_of_contacts // 4)):
            self.conversation(self.prospect(), self.opening_time())
        for change in self.words.changes_of_definition:
            for _ in range(max(2, self.number_of_contacts // 8)):
                self.conversation(self.prospect(), change)
        for account_id in self.key_accounts:
            self.busy_account(account_id)
        self.bad_activities()
        self.bad_sales_rows()
        self.make_reps()
        raw: dict[str, list[Row]] = {}
        for table, rows in self.rows.items():
            self.rng.shuffle(rows)
            raw[table] = rows
        return raw


def make_world(
    seed: int, contacts: int = 40, *, seeds: Seeds, change_rules: bool = False
) -> World:
    """The world of a seed number: `contacts` people and some 25 activities each.

    seeds: the rule seeds and vocabulary the world draws its words from.
    change_rules: change the rules first (`change_seeds`); see `World.seed_changes`.
    """
    rng = random.Random(seed)
    changes: Seeds = {}
    if change_rules:
        changed = change_seeds(seeds, rng)
        changes = {
            stem: rows for stem, rows in changed.items() if rows != seeds.get(stem)
        }
    maker = Maker(rng, Words({**seeds, **changes}), contacts)
    raw = maker.tables()
    if seed % 10 == 9:
        # Optional tables may be empty, or not there at all.
        raw["dispositions"] = []
        del raw[rng.choice(["opportunities", "service_contracts", "sales_reps"])]
    return World(seed, maker.as_of, raw, changes)


def write_world(world: World, folder: str | Path) -> None:
    """Write the raw CSV files, columns in contract order; no table, no file."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for table, columns in CONTRACT.items():
        if table in world.raw:
            write_rows(Path(folder) / f"{table}.csv", columns, world.raw[table])


def write_seeds(seeds: Seeds, root: str | Path) -> None:
    """Write `seeds/definition/*.csv` and `seeds/vocabulary/*.csv` under `root`."""
    for stem, rows in seeds.items():
        kind = "vocabulary" if stem in VOCABULARY else "definition"
        folder = Path(root) / "seeds" / kind
        folder.mkdir(parents=True, exist_ok=True)
        if rows:
            write_rows(folder / f"{stem}.csv", list(rows[0]), rows)


def write_rows(file: Path, columns: Sequence[str], rows: Sequence[Any]) -> None:
    """Write rows of text cells as one CSV file."""
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# --------------------------------------------------------------------------------
# Changed rules
# --------------------------------------------------------------------------------


def change_seeds(seeds: Seeds, rng: random.Random) -> Seeds:
    """Other rules, still valid: other numbers, perhaps a new line or definition."""
    changed = copy.deepcopy(seeds)
    if rng.random() < 0.5:
        add_product_line(changed, rng)
    if rng.random() < 0.6:
        add_second_official_definition(changed, rng)
    change_definitions(changed, rng)
    change_points(changed, rng)
    change_criteria(changed, rng)
    change_second_definition(changed, rng)
    change_reasons(changed, rng)
    change_sales_rules(changed, rng)
    return changed


def change_sales_rules(seeds: Seeds, rng: random.Random) -> None:
    """How soon sales answers, for how long it may, and who is asked."""
    for row in seeds["definitions"]:
        row["handoff_open_days"] = rng.choice(["180", "30", "10", "1", ""])
        row["opportunity_link_days"] = rng.choice(["365", "30", "2.5", "0", ""])
        row["touch_days"] = rng.choice(["90", "10", "0", ""])
    for row in seeds["review_alerts"]:
        row["minimum_count"] = rng.choice(["20", "3", "1"])
    for row in seeds["sla_policies"]:
        hours = {"high": ["4", "1", "0.5"], "standard": ["24", "48", "8"]}
        row["hours"] = rng.choice(hours[row["priority"]])
    reps = sorted({row["rep_id"] for row in seeds["routing_rules"]})
    is_for_all = rng.random() < 0.5
    for row in list(seeds["routing_rules"]):
        anywhere = (row["territory"], row["product_line"]) == (ALL_LINES, ALL_LINES)
        if anywhere and not is_for_all:
            seeds["routing_rules"].remove(row)
        elif rng.random() < 0.3:
            row["rep_id"] = rng.choice([*reps, "R-gone"])
        elif rng.random() < 0.2:
            row["product_line"] = GENERAL


def change_definitions(seeds: Seeds, rng: random.Random) -> None:
    """Decay, machine seconds, topic depth, holds, requalification."""
    choices = {
        "half_life_days": ["30", "60", "45"],
        "inactivity_days": ["90", "60", "45"],
        "inactivity_period_days": ["30", "15", "20"],
        "inactivity_points": ["10", "5", "25"],
        "machine_response_seconds": ["3", "4", "1"],
        "topic_depth_downloads": ["3", "2"],
        "topic_depth_days": ["90", "60", "30"],
        "topic_depth_points": ["10", "0", "7"],
        "accepted_hold_days": ["180", "30", "90"],
        "closed_opportunity_hold_days": ["180", "20", "60"],
        "requalify_points": ["20", "10", "40"],
        "requalify_gap_days": ["30", "10", "60"],
    }
    for row in seeds["definitions"]:
        for column, values in choices.items():
            if row[column] and rng.random() < 0.6:
                row[column] = rng.choice(values)


def change_points(seeds: Seeds, rng: random.Random) -> None:
    """Points of activities, daily limits, once per asset, points of fit."""
    for row in seeds["activity_points"]:
        points = float(row["points"])
        if points > 0 and rng.random() < 0.3:
            row["points"] = str(max(1, int(points) + rng.choice([-2, -1, 1, 5])))
        if points > 0 and row["product_line"] == ALL_LINES and rng.random() < 0.15:
            row["max_scored_per_day"] = rng.choice(["", "1", "2", "3"])
        if row["is_direct_request"] == "false" and rng.random() < 0.1:
            flips = {"true": "false", "false": "true"}
            row["score_once_per_asset"] = flips[row["score_once_per_asset"]]
    if rng.random() < 0.3:
        request_of_one_line_only(seeds, rng)
    for row in seeds["fit_points"]:
        if float(row["points"]) > 5 and rng.random() < 0.2:
            row["points"] = str(int(row["points"]) + rng.choice([-5, 5]))


def request_of_one_line_only(seeds: Seeds, rng: random.Random) -> None:
    """Under one definition a type is a direct request for one line, else for none."""
    definition_id = rng.choice([row["definition_id"] for row in seeds["definitions"]])
    rows = [
        row
        for row in seeds["activity_points"]
        if row["definition_id"] == definition_id
        and row["product_line"] == ALL_LINES
        and row["is_direct_request"] == "true"
    ]
    row = rng.choice(rows)
    if not any(
        other["activity_type"] == row["activity_type"]
        for other in seeds["activity_points"]
        if other["definition_id"] == definition_id and other is not row
    ):
        line = rng.choice([GENERAL, "capital_equipment"])
        seeds["activity_points"].append({**row, "product_line": line})
        row["is_direct_request"] = "false"


def change_criteria(seeds: Seeds, rng: random.Random) -> None:
    """Thresholds, gates and windows of the lines."""
    for row in seeds["qualification_criteria"]:
        if row["min_total_score"]:
            row["min_total_score"] = rng.choice([row["min_total_score"], "40", "60"])
        if row["min_engagement_score"]:
            row["min_engagement_score"] = rng.choice(["75", "40", "25"])
            if rng.random() < 0.2:
                row["min_total_score"] = "55"
        if row["min_bed_count"]:
            row["min_bed_count"] = rng.choice(["200", "199", "300"])
        if row["service_window_days"]:
            row["service_window_days"] = rng.choice(["180", "90"])
        if rng.random() < 0.3:
            row["min_fit_score"] = rng.choice(["10", "20", "5"])
        if rng.random() < 0.3:
            row["direct_request_days"] = rng.choice(["30", "14", "60"])
        if rng.random() < 0.3:
            row["max_silence_days"] = rng.choice(["180", "120", "90", ""])
        if rng.random() < 0.4:
            row["account_min_engagement"] = rng.choice(["75", "50", "100"])
            row["account_min_contacts"] = rng.choice(["3", "2"])
            row["account_contact_min_engagement"] = rng.choice(["10", "5", "20"])


def change_reasons(seeds: Seeds, rng: random.Random) -> None:
    """How long a rejection holds; one number for the reasons that mean none."""
    vague = rng.choice(["30", "14"])
    for row in seeds["rejection_reasons"]:
        if row["reason_code"] in {"other", "unspecified"}:
            row["hold_days"] = vague
        elif rng.random() < 0.3:
            row["hold_days"] = rng.choice(["30", "60", "7"])


def add_product_line(seeds: Seeds, rng: random.Random) -> None:
    """A new line: a row of criteria, and rules of its own for some types and words."""
    for definition_id in [row["definition_id"] for row in seeds["definitions"]]:

        def own(stem: str, wanted: str = definition_id) -> list[dict[str, str]]:
            return [row for row in seeds[stem] if row["definition_id"] == wanted]

        pattern = rng.choice(own("qualification_criteria"))
        seeds["qualification_criteria"].append({**pattern, "product_line": NEW_LINE})
        positive = [
            row
            for row in own("activity_points")
            if row["product_line"] == ALL_LINES and float(row["points"]) > 0
        ]
        for row in rng.sample(positive, k=3):
            more = {"points": str(int(row["points"]) + 5), "max_scored_per_day": ""}
            seeds["activity_points"].append({**row, "product_line": NEW_LINE, **more})
        targets = sorted({row["specialty"] for row in own("target_specialties")})
        for specialty in rng.sample(targets, k=2):
            row = {**own("target_specialties")[0], "specialty": specialty}
            seeds["target_specialties"].append({**row, "product_line": NEW_LINE})
        general_roles = [
            row for row in own("role_classes") if row["product_line"] == ALL_LINES
        ]
        for row in rng.sample(general_roles, k=3):
            classes = ["decision_maker", "user", "non_buyer"]
            seeds["role_classes"].append(
                {**row, "product_line": NEW_LINE, "role_class": rng.choice(classes)}
            )


def add_second_official_definition(seeds: Seeds, rng: random.Random) -> None:
    """A definition again, mostly the first, in force later and with other names."""
    first = next(row for row in seeds["definitions"] if row["effective_from"])
    pattern = first if rng.random() < 0.7 else rng.choice(seeds["definitions"])
    effective_from = rng.choice(["2025-07-01", "2025-10-15 12:30:00", "2026-02-01"])
    approvals = ("approved_by_marketing", "approved_by_sales", "approved_on")
    seeds["definitions"].append(
        {
            **pattern,
            **{column: first[column] for column in approvals},
            "definition_id": SECOND_DEFINITION,
            "title": "Second official definition",
            "effective_from": effective_from,
        }
    )
    for stem, rows in seeds.items():
        if stem == "definitions" or stem in VOCABULARY:
            continue
        rows.extend(
            [
                {**row, "definition_id": SECOND_DEFINITION}
                for row in rows
                if row["definition_id"] == pattern["definition_id"]
            ]
        )
    # other names for its territories, and some places that it covers otherwise
    for row in [*seeds["geographies"], *seeds["routing_rules"]]:
        named = row["territory"] not in ("", ALL_LINES)
        if row["definition_id"] == SECOND_DEFINITION and named:
            row["territory"] = "New " + row["territory"]
    for row in seeds["geographies"][::-4]:
        if row["definition_id"] == SECOND_DEFINITION and row["territory"]:
            row["coverage"] = "covered"


def change_second_definition(seeds: Seeds, rng: random.Random) -> None:
    """Thresholds that more people reach than the first definition's, or fewer."""
    for row in seeds["qualification_criteria"]:
        if row["definition_id"] == SECOND_DEFINITION:
            if row["product_line"] == GENERAL:
                row["min_total_score"] = rng.choice(["35", "45", "70"])
            elif row["min_engagement_score"]:
                row["min_engagement_score"] = rng.choice(["15", "40", "75"])
