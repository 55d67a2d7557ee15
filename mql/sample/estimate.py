"""The generator's own estimate of fit, so that the sample's sales react to real MQLs.

This is an estimate, not the product: it knows the guide's definition by heart, reads no
seed, and leaves out what the generator never makes. Changing a definition changes the
marts, never the sample.
"""

from mql.sample.clock import DAY
from mql.sample.facilities import Facility
from mql.sample.words import (
    CAPITAL,
    CONSUMABLE,
    GENERAL,
    ROLES,
    SERVICE,
    SPECIALTIES,
)

# score thresholds of the guide's definition, in points
TOTAL_NEEDED = 50
CAPITAL_NEEDED = 75
CONSUMABLE_NEEDED = 40
CUSTOMER_POINTS = 15
SERVICE_WINDOW = 180 * DAY

# a time in seconds before everything
NEVER = -(10**12)

# points allowed to someone who can never be an MQL, whatever they do
MISFIT_POINTS = 100_000


class Fit:
    """Fit points and whether the lasting gates pass, per line.

    The service line's contracts come and go, so they are asked at a moment
    (`service_at`) and not here.
    """

    __slots__ = ("passes", "points", "role", "role_class", "specialty")

    def __init__(self, role: str, specialty: str, facility: Facility, beds: int | None):
        known = ROLES.get(role)
        classes = known.classes if known else "????"
        targets = SPECIALTIES[specialty].target_lines if specialty else ""
        specialty_matters = bool(known and known.is_clinical)
        place = 10 if facility.is_target else -15 if facility.is_disqualified else 0
        place += 5 if facility.coverage == "target" else 0
        if classes[GENERAL] == "T":
            place -= 25
        covered = facility.coverage != "uncovered"
        # a decision maker earns 15, a target specialty 15
        deciding = [15 if part == "D" else 0 for part in classes]
        matching = [
            15 if "g" in targets else 0,
            15 if "c" in targets else 0,
            15 if "s" in targets else 0,
            0,
        ]
        self.role = role
        self.specialty = specialty
        self.role_class = classes[GENERAL]
        points = [place + deciding[line] + matching[line] for line in range(4)]
        if facility.is_hospital and not facility.is_capital_target:
            points[CAPITAL] -= 10
        if facility.kind == "ambulatory_surgery_center":
            points[CAPITAL] -= 10
        if facility.kind == "imaging_center":
            points[SERVICE] += 10
        self.points = tuple(points)
        self.passes = (
            covered
            and points[GENERAL] >= 25
            and (matching[0] or not specialty_matters),
            covered
            and points[CAPITAL] >= 10
            and (matching[1] or not specialty_matters)
            and facility.is_capital_target
            and classes[CAPITAL] in "DI"
            and (beds or 0) >= 200,
            covered
            and points[CONSUMABLE] >= 10
            and (matching[2] or not specialty_matters)
            and facility.is_target,
            covered,
        )


def service_at(facility: Facility, moment: int) -> tuple[bool, bool]:
    """(current customer, service signal) of a facility at a time in seconds."""
    customer = signal = False
    for start, end in facility.own_contracts:
        customer = customer or start <= moment < end
        signal = signal or end - SERVICE_WINDOW <= moment < end
    for start, end in facility.rival_contracts:
        signal = signal or (start <= moment and (not end or moment < end))
    return customer, signal


def service_boundaries(facility: Facility) -> list[int]:
    """Times in seconds at which `service_at` may change."""
    moments = []
    for start, end in facility.own_contracts:
        moments += [start, end - SERVICE_WINDOW, end]
    for start, end in facility.rival_contracts:
        moments += [start, end] if end else [start]
    return sorted(moments)


def points_allowed(fit: Fit, facility: Facility) -> int:
    """Engagement points, on any one line, that never make this contact an MQL."""
    allowed = MISFIT_POINTS
    if fit.passes[GENERAL]:
        allowed = min(allowed, TOTAL_NEEDED - fit.points[GENERAL] - 1)
    if fit.passes[CAPITAL]:
        allowed = min(allowed, CAPITAL_NEEDED - 1)
    if fit.passes[CONSUMABLE]:
        allowed = min(allowed, CONSUMABLE_NEEDED - 1)
    if fit.passes[SERVICE] and (facility.own_contracts or facility.rival_contracts):
        points = fit.points[SERVICE]
        points += CUSTOMER_POINTS if facility.own_contracts else 0
        if points >= 10:
            allowed = min(allowed, TOTAL_NEEDED - points - 1)
    return max(0, allowed)
