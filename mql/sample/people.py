"""The people of a facility: who they are and how their records read and change."""

from random import Random

from mql.sample import words
from mql.sample.clock import DAY, END, HOUR, START, load_moment, stamp
from mql.sample.estimate import Fit, points_allowed
from mql.sample.facilities import Facility
from mql.sample.writer import csv_line

_SPECIALTIES_OF = {
    code: words.cumulative(role.specialties) for code, role in words.ROLES.items()
}
_PROMOTIONS = {
    "resident": "staff_surgeon",
    "fellow": "staff_surgeon",
    "staff_surgeon": "section_chief",
    "nurse_manager": "nursing_director",
    "buyer": "procurement_manager",
    "operating_room_nurse": "nurse_manager",
}


class Person:
    """One contact. Times are seconds since 1970."""

    def __init__(self, rng: Random, facility: Facility, number: int):
        random = rng.random
        self.facility = facility
        self.contact_id = f"C-{facility.number:06d}-{number:02d}"
        self.first_name = words.FIRST_NAMES[int(random() * len(words.FIRST_NAMES))]
        self.last_name = words.LAST_NAMES[int(random() * len(words.LAST_NAMES))]
        self.role = words.pick(facility.staff, random())
        self.specialty = words.pick(_SPECIALTIES_OF[self.role], random())
        titles = words.ROLES[self.role].titles
        self.title = titles[int(random() * len(titles))]
        if random() < 0.03:
            self.title = words.UNKNOWN_TITLES[int(random() * len(words.UNKNOWN_TITLES))]
            self.role = ""
        if random() < 0.42:
            # the import with which the two years begin
            self.created_at = START + int(random() * 3 * HOUR)
        else:
            self.created_at = START + int(random() * (END - 6 * DAY - START))
        self.fit = Fit(self.role, self.specialty, facility, facility.versions[0][1])
        # no single version of the facility may let a casual reader through
        self.allowed_points = min(
            points_allowed(Fit(self.role, self.specialty, facility, beds), facility)
            for _, beds, _ in facility.versions
        )
        self.changes: list[tuple] = []

    def may_change(self, rng: Random, neighbour: Facility | None) -> None:
        """Gives some contacts who are no planned MQL a second version."""
        random = rng.random
        share = random()
        if share > 0.10:
            return
        changed_at = self.created_at + int((10 + 500 * random()) * DAY)
        if changed_at > END - DAY:
            return
        role, place = self.role, self.facility
        if share < 0.03:
            role = _PROMOTIONS.get(role, role)
        elif share < 0.05 and neighbour:
            place = neighbour
        self.changes.append((changed_at, role, place))
        for _, beds, _ in place.versions:
            later = Fit(role, self.specialty, place, beds)
            self.allowed_points = min(self.allowed_points, points_allowed(later, place))

    def corrected_phone(self, rng: Random) -> None:
        """Gives some planned MQLs a version that changes nothing of their fit."""
        if rng.random() < 0.06:
            changed_at = self.created_at + int((5 + 200 * rng.random()) * DAY)
            if changed_at < END - DAY:
                self.changes.append((changed_at, self.role, self.facility))

    def lines(self, rng: Random) -> list[str]:
        """The rows of `contacts`."""
        random = rng.random
        code = self.specialty
        specialty = code
        if code:
            style = random()
            known = words.SPECIALTIES[code]
            if style < 0.33:
                specialty = known.name
            elif style < 0.50:
                specialty = known.nucc_code
            elif style < 0.55:
                specialty = known.name.upper()
            elif style < 0.57:
                specialty = f" {known.nucc_code.lower()} "
        role_style = random()
        phone = f"+1-{200 + int(random() * 700)}-555-{int(random() * 10000):04d}"
        email = (
            f"{self.first_name}.{self.last_name}.{self.contact_id[2:]}"
            f"@{self.facility.account_id}.example"
        ).lower()
        clinical = self.role and words.ROLES[self.role].is_clinical
        # real identifiers begin with 1 or 2
        npi = f"9{int(random() * 10**9):09d}" if clinical and random() < 0.85 else ""
        rows = []
        history = [(self.created_at, self.role, self.facility), *self.changes]
        for version, (moment, role, place) in enumerate(history):
            title = self.title
            if version and role != self.role:
                title = words.ROLES[role].titles[0]
            cell = role
            if role_style < 0.20:
                cell = ""
            elif role_style < 0.24:
                cell = role.upper()
            elif role_style < 0.26 and title:
                # a word the vocabulary lacks, so that the title decides
                cell = "see title"
            if version:
                phone = phone[:-4] + f"{int(random() * 10000):04d}"
            rows.append(
                csv_line(
                    (
                        self.contact_id,
                        stamp(moment),
                        stamp(self.created_at),
                        email,
                        self.first_name,
                        self.last_name,
                        phone,
                        title,
                        npi,
                        specialty,
                        cell,
                        place.account_id,
                        place.state,
                        place.country,
                        "false",
                        stamp(load_moment(moment)),
                    )
                )
            )
        return rows
