"""The sections of charts, each with its figures in a table behind it."""

from __future__ import annotations

from mql.review.calibration import campaigns, definitions, drivers, thresholds
from mql.review.page import Period, Section
from mql.review.read import Marts
from mql.review.results import follow_up, funnel, rejections, restated, ripening, volume


def sections(marts: Marts, months: Period) -> list[Section]:
    """All sections, in the order of the page."""
    return [
        volume(marts, months),
        funnel(marts, months),
        restated(marts, months),
        ripening(marts, months),
        rejections(marts, months),
        follow_up(marts, months),
        thresholds(marts, months),
        drivers(marts),
        campaigns(marts),
        definitions(marts, months),
    ]
