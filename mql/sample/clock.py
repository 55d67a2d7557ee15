"""Time inside the sample: whole seconds since 1970, UTC, and their text.

Counting in seconds keeps the generator quick: a time becomes text by two look-ups, one
for its day and one for its clock, instead of a `datetime` for each of millions of rows.
"""

from datetime import UTC, date, datetime, timedelta

HOUR = 3600
DAY = 24 * HOUR

# The moment the sample is about, for the dbt variable `as_of`. Nothing in this package
# reads the wall clock.
AS_OF = "2026-06-30 00:00:00"


def seconds(text: str) -> int:
    """Seconds since 1970 of 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS', read as UTC."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp())


END = seconds(AS_OF)
START = seconds("2024-07-01 00:00:00")


class _DayTexts(dict):
    """Day number since 1970 -> 'YYYY-MM-DD ', filled on first use."""

    def __missing__(self, day: int) -> str:
        text = (date(1970, 1, 1) + timedelta(days=day)).isoformat() + " "
        self[day] = text
        return text


DAY_TEXTS = _DayTexts()
CLOCK_TEXTS = tuple(
    f"{second // HOUR:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    for second in range(DAY)
)


def stamp(moment: int) -> str:
    """'YYYY-MM-DD HH:MM:SS' of a time in seconds since 1970."""
    day, clock = divmod(moment, DAY)
    return DAY_TEXTS[day] + CLOCK_TEXTS[clock]


def day_stamp(moment: int) -> str:
    """'YYYY-MM-DD' of a time in seconds since 1970."""
    return DAY_TEXTS[moment // DAY][:10]


class _LoadTexts(dict):
    """Hour number since 1970 -> text of the load that brings what happened in it."""

    def __missing__(self, hour: int) -> str:
        text = stamp(load_moment(hour * HOUR))
        self[hour] = text
        return text


def load_moment(moment: int) -> int:
    """When an hourly load brings a row of this time: ten past the next full hour."""
    return (moment // HOUR + 1) * HOUR + 600


LOAD_TEXTS = _LoadTexts()


def lateness(moment: int) -> int:
    """Seconds by which a source brought an activity of this time late; mostly 0.

    About one in eighty is one to nine days late. A function of the time alone: who
    answers a lead has to know when it could be known.
    """
    lot = moment * 40503 % 65521
    return DAY + lot * 879 if lot < 786 else 0


def month_of(moment: int) -> str:
    """'YYYY-MM' of a time in seconds since 1970."""
    return DAY_TEXTS[moment // DAY][:7]


def quarter_of(moment: int) -> str:
    """'YYYY-Qn' of a time in seconds since 1970."""
    text = DAY_TEXTS[moment // DAY]
    return f"{text[:4]}-Q{(int(text[5:7]) + 2) // 3}"
