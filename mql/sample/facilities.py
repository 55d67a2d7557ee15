"""Facilities: what they are, where, how large, who owns them, what they have bought.

A facility is a function of the seed and its number alone, so that the sample can be
made facility by facility, and any facility again.
"""

from random import Random

from mql.sample import words
from mql.sample.clock import DAY, END, START, day_stamp, load_moment, stamp
from mql.sample.writer import csv_line

# One number in so many is the head office of a health system; the hospitals that follow
# it may belong to it.
SYSTEM_BLOCK = 25

# (lowest beds, highest beds, share of US hospitals); 27% have 200 beds or more.
BED_SPREAD = (
    (6, 24, 0.12),
    (25, 25, 0.12),  # the licence limit of critical access hospitals
    (26, 49, 0.13),
    (50, 99, 0.17),
    (100, 199, 0.19),
    (200, 299, 0.105),
    (300, 399, 0.065),
    (400, 499, 0.035),
    (500, 1100, 0.065),
)
HOSPITAL_SHARE = 0.52

_KINDS_BY_BEDS = (
    (
        25,
        words.cumulative(
            (
                ("critical_access_hospital", 62),
                ("community_hospital", 14),
                ("surgical_hospital", 10),
                ("orthopaedic_hospital", 5),
                ("psychiatric_hospital", 5),
                ("acute_care_hospital", 4),
            )
        ),
    ),
    (
        199,
        words.cumulative(
            (
                ("community_hospital", 44),
                ("acute_care_hospital", 28),
                ("rehabilitation_hospital", 6),
                ("psychiatric_hospital", 4),
                ("veterans_hospital", 4),
                ("long_term_acute_care_hospital", 3),
                ("orthopaedic_hospital", 4),
                ("heart_hospital", 2),
                ("cancer_hospital", 2),
                ("hospital", 3),
            )
        ),
    ),
    (
        9999,
        words.cumulative(
            (
                ("acute_care_hospital", 62),
                ("academic_medical_center", 24),
                ("childrens_hospital", 6),
                ("veterans_hospital", 4),
                ("hospital", 4),
            )
        ),
    ),
)
_OTHER_KINDS = words.cumulative(
    (
        ("ambulatory_surgery_center", 42),
        ("physician_office", 15),
        ("group_practice", 10),
        ("imaging_center", 6),
        ("hospital_outpatient_department", 5),
        ("outpatient_clinic", 4),
        ("university", 2.5),
        ("office_based_lab", 1.5),
        ("urgent_care_center", 1.5),
        ("group_purchasing_organization", 1),
        ("nursing_home", 4),
        ("dental_office", 1.5),
        ("veterinary_clinic", 1),
        ("medical_spa", 1.5),
        ("device_distributor", 1.5),
        ("device_manufacturer", 1),
        ("health_insurer", 0.5),
        ("home_health_agency", 1),
    )
)
_STATES = words.cumulative(tuple((row, row[2]) for row in words.STATES))

# Facility classes of the guide's definition, for the estimate.
DISQUALIFIED = {
    "nursing_home",
    "dental_office",
    "veterinary_clinic",
    "medical_spa",
    "device_distributor",
    "device_manufacturer",
    "health_insurer",
    "home_health_agency",
}
_NEUTRAL_FOR_CAPITAL = {
    "rehabilitation_hospital",
    "psychiatric_hospital",
    "long_term_acute_care_hospital",
}

_NAME_ENDINGS = {
    "ambulatory_surgery_center": "Surgery Center",
    "physician_office": "Orthopaedics",
    "group_practice": "Medical Group",
    "imaging_center": "Imaging",
    "hospital_outpatient_department": "Outpatient Pavilion",
    "outpatient_clinic": "Clinic",
    "university": "School of Medicine",
    "office_based_lab": "Vascular Lab",
    "urgent_care_center": "Urgent Care",
    "group_purchasing_organization": "Purchasing Alliance",
    "nursing_home": "Nursing Home",
    "dental_office": "Dental",
    "veterinary_clinic": "Veterinary Clinic",
    "medical_spa": "Medical Spa",
    "device_distributor": "Medical Supply",
    "device_manufacturer": "Devices",
    "health_insurer": "Health Plan",
    "home_health_agency": "Home Health",
    "health_system_office": "Health System",
    "critical_access_hospital": "Critical Access Hospital",
    "academic_medical_center": "University Hospital",
    "orthopaedic_hospital": "Orthopaedic Hospital",
    "surgical_hospital": "Surgical Hospital",
    "childrens_hospital": "Children's Hospital",
    "veterans_hospital": "VA Medical Center",
    "rehabilitation_hospital": "Rehabilitation Hospital",
    "psychiatric_hospital": "Behavioral Hospital",
    "heart_hospital": "Heart Hospital",
    "cancer_hospital": "Cancer Center",
}
_HOSPITAL_ENDINGS = ("Medical Center", "Regional Hospital", "Memorial", "General")

TERRITORY_REPS = {
    "Northeast": "R-01",
    "Mid-Atlantic": "R-02",
    "Southeast": "R-03",
    "Midwest": "R-04",
    "South Central": "R-05",
    "West": "R-06",
    "Pacific Northwest": "R-06",
    "Canada": "R-01",
    "United Kingdom": "R-08",
    "": "R-04",
}
INACTIVE_REP = "R-03"
# who answers for the rep who left
STAND_IN_REP = "R-02"


def _bed_count(share: float) -> int:
    """Beds at a share of all hospitals, smallest first."""
    for low, high, width in BED_SPREAD:
        if share < width:
            return low + int((high - low + 1) * share / width)
        share -= width
    return BED_SPREAD[-1][1]


class Facility:
    """One facility; `versions` are (time, beds or None, owner) in time order."""

    def __init__(self, seed: int, number: int):
        rng = self.rng = Random(f"{seed}/facility/{number}")
        random = rng.random
        self.number = number
        self.account_id = f"F-{number:06d}"
        # two additive sequences that fill the square evenly: shares of kinds and beds
        # come out right in a small sample too, whatever the chunk
        offset = Random(f"{seed}/shares").random()
        kind_share = (number * 0.7548776662466927 + offset) % 1.0
        bed_share = (number * 0.5698402909980532 + offset) % 1.0
        row = words.pick(_STATES, random())
        self.country, self.state, _, self.coverage, self.territory = row
        self.parent_id = ""
        beds = None
        is_head_office = number % SYSTEM_BLOCK == 1
        self.is_hospital = not is_head_office and kind_share < HOSPITAL_SHARE
        if is_head_office:
            self.kind = "health_system_office"
        elif self.is_hospital:
            beds = _bed_count(bed_share)
            kinds = next(table for limit, table in _KINDS_BY_BEDS if beds <= limit)
            self.kind = words.pick(kinds, random())
            if random() < 0.45:
                head = (number - 1) // SYSTEM_BLOCK * SYSTEM_BLOCK + 1
                self.parent_id = f"F-{head:06d}"
            if random() < 0.03:
                beds = None
        else:
            self.kind = words.pick(_OTHER_KINDS, random())
        self.is_disqualified = self.kind in DISQUALIFIED
        is_surgery_center = self.kind == "ambulatory_surgery_center"
        self.is_target = self.is_hospital or is_surgery_center
        self.is_capital_target = (
            self.is_hospital and self.kind not in _NEUTRAL_FOR_CAPITAL
        )
        self._staff(beds, is_surgery_center)
        self.name = self._name()
        self.owner = self._owner()
        self._history(beds)
        self._contracts()
        # how much the place buys just now: colleagues tend to look around together
        self.heat = (0.55, 1.0, 1.0, 1.9)[int(random() * 4)]
        self.has_mail_gateway = random() < 0.12

    def _staff(self, beds: int | None, is_surgery_center: bool) -> None:
        random = self.rng.random
        if self.is_hospital:
            self.staff = _HOSPITAL_STAFF
            size = beds or 120
            mean = 3.8 if size < 50 else 5.8 if size < 200 else 9 if size < 400 else 15
        elif is_surgery_center:
            self.staff, mean = _SURGERY_CENTER_STAFF, 4.4
        elif self.kind == "health_system_office":
            self.staff, mean = _OFFICE_STAFF, 5
        elif self.kind == "group_purchasing_organization":
            self.staff, mean = _OFFICE_STAFF, 3
        elif self.kind == "university":
            self.staff, mean = _UNIVERSITY_STAFF, 4
        elif self.is_disqualified:
            self.staff, mean = _OUTSIDE_STAFF, 1.8
        else:
            self.staff, mean = _PRACTICE_STAFF, 2.6
        self.headcount = max(1, round(mean * (0.55 + 0.9 * random())))

    def _name(self) -> str:
        rng = self.rng
        place = words.PLACES[int(rng.random() * len(words.PLACES))]
        ending = _NAME_ENDINGS.get(self.kind)
        if not ending:
            ending = _HOSPITAL_ENDINGS[int(rng.random() * len(_HOSPITAL_ENDINGS))]
        if rng.random() < 0.25:
            place = "Saint " + words.FIRST_NAMES[int(rng.random() * 100)]
        return f"{place} {ending}"

    def _owner(self) -> str:
        share = self.rng.random()
        if share < 0.16:
            return ""
        owner = TERRITORY_REPS[self.territory]
        if owner == INACTIVE_REP and share < 0.55:
            return STAND_IN_REP
        return owner

    def _history(self, beds: int | None) -> None:
        rng = self.rng
        first = START - int((20 + 600 * rng.random()) * DAY)
        self.versions = [(first, beds, self.owner)]
        share = rng.random()
        changed = START + int(rng.random() * (END - START))
        if share < 0.05 and beds:
            beds = max(6, round(beds * (0.85 + 0.3 * rng.random())))
            self.versions.append((changed, beds, self.owner))
        elif share < 0.08:
            self.versions.append((changed, beds, TERRITORY_REPS[self.territory]))

    def _contracts(self) -> None:
        self.own_contracts = []
        self.rival_contracts = []
        if not (self.is_target or self.kind == "imaging_center"):
            return
        rng = self.rng
        share = rng.random()
        if share > 0.27:
            return
        start = START // DAY * DAY + int(rng.random() * 1100 - 700) * DAY
        end = start + (365, 730, 1095)[int(rng.random() * 3)] * DAY
        if share < 0.19:
            self.own_contracts.append((start, end))
        else:
            self.rival_contracts.append((start, 0 if rng.random() < 0.2 else end))

    @property
    def rep(self) -> str:
        """Who answers the hand-overs of this facility."""
        rep = self.owner or TERRITORY_REPS[self.territory]
        return STAND_IN_REP if rep == INACTIVE_REP else rep

    def beds_at(self, moment: int) -> int | None:
        """Beds at a time in seconds; the first version covers the time before it."""
        beds = self.versions[0][1]
        for updated_at, later_beds, _ in self.versions:
            if updated_at <= moment:
                beds = later_beds
        return beds

    def account_lines(self) -> list[str]:
        """The rows of `accounts`."""
        odd = self.rng.random()
        kind = self.kind.upper() if odd < 0.03 else self.kind
        state = self.state.lower() if 0.03 < odd < 0.05 else self.state
        return [
            csv_line(
                (
                    self.account_id,
                    self.name,
                    kind,
                    beds,
                    state,
                    self.country,
                    self.parent_id,
                    owner,
                    stamp(updated_at),
                    stamp(load_moment(updated_at)),
                )
            )
            for updated_at, beds, owner in self.versions
        ]

    def contract_lines(self) -> list[str]:
        """The rows of `service_contracts`."""
        lines = []
        for provider, contracts in (
            ("own", self.own_contracts),
            ("competitor", self.rival_contracts),
        ):
            for start, end in contracts:
                known = max(start, self.versions[0][0]) + 9 * 3600
                known = min(known, END - DAY)
                lines.append(
                    csv_line(
                        (
                            f"SC-{self.number:06d}-{len(lines) + 1}",
                            self.account_id,
                            provider,
                            day_stamp(start),
                            day_stamp(end) if end else "",
                            stamp(known),
                            stamp(load_moment(known)),
                        )
                    )
                )
        return lines


_HOSPITAL_STAFF = words.cumulative(words.HOSPITAL_STAFF)
_SURGERY_CENTER_STAFF = words.cumulative(words.SURGERY_CENTER_STAFF)
_PRACTICE_STAFF = words.cumulative(words.PRACTICE_STAFF)
_OFFICE_STAFF = words.cumulative(words.OFFICE_STAFF)
_OUTSIDE_STAFF = words.cumulative(words.OUTSIDE_STAFF)
_UNIVERSITY_STAFF = words.cumulative(words.UNIVERSITY_STAFF)
