"""What came of the months: volume, funnel, ripening, rejections, follow-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from mql.definition.document import Table
from mql.review import charts
from mql.review.charts import drawing
from mql.review.figures import (
    BOUNDS,
    COUNTED,
    interval,
    limit_of,
    product_lines,
    said_with_bounds,
    total,
)
from mql.review.page import Period, Picture, Section, judged, reasons
from mql.review.read import Marts, Row
from mql.review.words import (
    alert_name,
    capital,
    count_of,
    dollars,
    month_name,
    named,
    number,
    percent,
    short_month,
    signed,
    with_bounds,
)

YEAR = 12
# How many months the chart of months, and that of follow-ups, look back.
MONTHS_SHOWN = 24
SLA_MONTHS = 6
REPS_SHOWN = 20
QUARTERS_SHOWN = 6
STAGES = {
    "mqls": "MQLs",
    "responded": "answered",
    "accepted": "accepted",
    "opportunities": "opportunity",
    "won": "won",
}


def alert_history(marts: Marts, months: Period) -> Picture:
    """Which alerts were raised in each month of the last year."""
    shown = [row["month"] for row in months.months[-YEAR:]]
    names = [row["alert"] for row in judged(marts, months)]
    title = f"Alerts raised in the months up to {month_name(shown[-1])}"
    with drawing("alert-history", title, 0.9 + 0.24 * len(names)) as made:
        (panel,) = made.axes()
        for row in marts["alerts"]:
            if row["month"] in shown and row["alert"] in names:
                place = (shown.index(row["month"]), names.index(row["alert"]))
                if row["is_raised"]:
                    panel.plot(*place, "s", color=charts.RED, markersize=11)
                else:
                    mark = "x" if row["figure"] is None else "."
                    panel.plot(*place, mark, color=charts.SOFT, markersize=5)
        charts.rows_of_names(panel, [alert_name(name) for name in names])
        charts.month_ticks(panel, [short_month(month) for month in shown], 4)
        panel.set_xlim(-0.6, len(shown) - 0.4)
        charts.headed(panel, "Alerts, month by month")
    return Picture(
        made.svg,
        "Square: raised. Dot: not raised, or too few to judge. Cross: no figure yet.",
    )


def volume(marts: Marts, months: Period) -> Section:
    """MQLs per month against capacity, and acceptance against its limit."""
    shown = [
        row
        for row in marts["review"]
        if row["month"] >= months.months[-MONTHS_SHOWN:][0]["month"]
    ]
    last = months.reviewed
    limit = limit_of(marts, months, "acceptance_rate")
    names = [short_month(row["month"]) for row in shown]
    with drawing("volume-mqls", "MQLs per month", 2.5) as handed:
        (panel,) = handed.axes()
        for place, row in enumerate(shown):
            is_over = row["month"] <= last["month"]
            panel.bar(
                place,
                row["mqls"],
                color=charts.BLUE if is_over else "white",
                edgecolor=charts.BLUE,
                hatch=None if is_over else "////",
                width=0.75,
            )
        if last["capacity"] is not None:
            text = f"capacity today: {number(last['capacity'])} leads a month"
            charts.limit_line(panel, last["capacity"], text)
        charts.month_ticks(panel, names)
        charts.headed(panel, "MQLs per month")
    with drawing("volume-acceptance", "Accepted by sales, per month", 2.5) as answers:
        (panel,) = answers.axes()
        told = [n for n, row in enumerate(shown) if row["acceptance_rate"] is not None]
        charts.band(panel, told, [shown[n] for n in told], "acceptance_rate")
        charts.percents(panel, top=1)
        if limit is not None:
            charts.limit_line(panel, limit, f"limit: {percent(limit)}")
        charts.month_ticks(panel, names)
        panel.set_xlim(-0.6, len(shown) - 0.4)
        charts.headed(panel, "Accepted by sales")
    says = [
        (
            f"In {month_name(last['month'])} marketing handed over"
            f" {count_of(last['mqls'], 'MQL')}"
            f" ({percent(last['mqls_vs_capacity'])} of what the reps can work)."
        )
    ]
    answered = months.last("is_acceptance_mature")
    if answered is not None and answered["acceptance_rate"] is not None:
        says.append(
            f"Sales accepted {with_bounds(answered, 'acceptance_rate')} of the MQLs of"
            f" {month_name(answered['month'])}."
        )
    table = Table(
        ["Month", "MQLs", "Capacity", "Answered", "Accepted", "Rejected", "Acceptance"],
        [
            [
                month_name(row["month"])
                + ("" if row["month"] <= last["month"] else " (running)"),
                number(row["mqls"]),
                number(row["capacity"]),
                number(row["responded"]),
                number(row["accepted"]),
                number(row["rejected"]),
                with_bounds(row, "acceptance_rate"),
            ]
            for row in shown[::-1]
        ],
        (1, 2, 3, 4, 5, 6),
    )
    return Section(
        "volume",
        "MQLs and acceptance, month by month",
        says,
        [
            Picture(handed.svg, "A hatched bar is the running month."),
            Picture(answers.svg, "The band is the 95% interval."),
        ],
        [("Figures", table)],
        f"{COUNTED} Acceptance: accepted, of all MQLs of the month, once sales has had"
        f" the time to answer. Capacity: what the active reps can work today. {BOUNDS}",
    )


def funnel(marts: Marts, months: Period) -> Section:
    """What became of the MQLs of months old enough to tell, all and by line."""
    key, title = "funnel", "The funnel of MQLs old enough to tell"
    mature = [row for row in months.months if row["is_outcome_mature"]][-YEAR:]
    if not total(mature, "mqls"):
        return Section(key, title, ["No MQL is old enough to tell what became of it."])
    counts = {stage: total(mature, stage) for stage in STAGES}
    first, last = month_name(mature[0]["month"]), month_name(mature[-1]["month"])
    with drawing(
        "funnel-chart", f"Funnel of the MQLs of {first} to {last}", 2.7
    ) as made:
        (panel,) = made.axes()
        for place, (stage, count) in enumerate(counts.items()):
            panel.barh(place, count, color=charts.BLUE, height=0.62)
            share = interval(count, counts["mqls"])
            text = number(count)
            if stage != "mqls":
                text += f" · {said_with_bounds(share)}"
                bounds = [bound * counts["mqls"] for bound in share[1:]]
                panel.plot(bounds, [place] * 2, color=charts.ORANGE, linewidth=2)
            panel.annotate(
                text,
                (
                    max(count, counts["mqls"] * share[2] if stage != "mqls" else 0),
                    place,
                ),
                (5, 0),
                textcoords="offset points",
                va="center",
            )
        charts.rows_of_names(panel, [capital(name) for name in STAGES.values()])
        panel.set_xlim(0, counts["mqls"] * 1.5)
        panel.xaxis.set_visible(False)
        panel.spines["bottom"].set_visible(False)
    opportunity = interval(counts["opportunities"], counts["mqls"])
    span = {row["month"] for row in mature}
    in_span = [row for row in marts["funnel"] if row["month"] in span]
    lines = []
    for line in product_lines(in_span):
        rows = [row for row in in_span if row["product_line"] == line]
        mqls = total(rows, "mqls")
        lines.append(
            [
                capital(named(line)),
                *(number(total(rows, stage)) for stage in STAGES),
                said_with_bounds(interval(total(rows, "accepted"), mqls)),
                said_with_bounds(interval(total(rows, "opportunities"), mqls)),
                dollars(total(rows, "amount_won_usd")),
            ]
        )
    all_lines = [
        "All lines",
        *(number(count) for count in counts.values()),
        said_with_bounds(interval(counts["accepted"], counts["mqls"])),
        said_with_bounds(opportunity),
        dollars(total(mature, "amount_won_usd")),
    ]
    head = [
        "Product line",
        *(capital(name) for name in STAGES.values()),
        "Acceptance",
        "To opportunity",
        "Amount won",
    ]
    return Section(
        key,
        title,
        [
            (
                f"Of {count_of(counts['mqls'], 'MQL')} from {first} to {last}, "
                f"{number(counts['accepted'])} were accepted and"
                f" {number(counts['opportunities'])} became an opportunity:"
                f" {said_with_bounds(opportunity)}."
            )
        ],
        [Picture(made.svg, "Orange: the 95% interval.")],
        [("Figures, by product line", Table(head, [*lines, all_lines], range(1, 9)))],
        f"{COUNTED} Only months old enough that it can be told what became of them, the"
        " last twelve at most. Every share is of the MQLs on top. A stage counts"
        " whenever it happened; an opportunity may come without an acceptance.",
    )


def restated(marts: Marts, months: Period) -> Section:
    """What has moved since it was reported."""
    key, title = "restated", "Reported then, known now"
    shown = [row["month"] for row in months.months[-YEAR:]]
    rows = [row for row in marts["as_reported"] if row["month"] in shown]
    if not rows:
        return Section(key, title, ["No month has been reported yet."])
    figures = ("mqls", "accepted", "rejected", "opportunities", "won")
    moved = [row for row in rows if any(row[f"{name}_difference"] for name in figures)]
    pictures = []
    if moved:
        says = [
            (
                f"In {number(len(moved))} of {count_of(len(rows), 'month')} a figure has"
                " moved since the month was reported."
            )
        ]
        with drawing("restated-chart", title, 5.2) as made:
            panels = made.axes(len(figures))
            for panel, name in zip(panels, figures, strict=True):
                changes = [row[f"{name}_difference"] for row in rows]
                panel.bar(range(len(rows)), changes, color=charts.BLUE, width=0.7)
                panel.axhline(0, color=charts.SOFT, linewidth=0.8)
                panel.yaxis.set_major_locator(charts.MaxNLocator(3, integer=True))
                panel.set_title(capital("MQLs" if name == "mqls" else name))
                if not any(changes):
                    panel.set_ylim(-1, 1)
            charts.month_ticks(panels[-1], [short_month(row["month"]) for row in rows])
        pictures.append(Picture(made.svg, "Known today, less what was reported."))
    else:
        says = ["No figure has moved since its month was reported."]
    table = Table(
        ["Month", "Reported on", *(capital(name) for name in figures), "Amount won"],
        [
            [
                month_name(row["month"]),
                f"{row['reported_at']:%d %b %Y}",
                *(
                    f"{number(row[f'{name}_reported'])} → "
                    f"{number(row[f'{name}_restated'])}"
                    f" ({signed(row[f'{name}_difference'])})"
                    for name in figures
                ),
                (
                    f"{dollars(row['amount_won_usd_reported'])} → "
                    f"{dollars(row['amount_won_usd_restated'])}"
                ),
            ]
            for row in rows[::-1]
        ],
        range(2, 8),
    )
    table.head[2] = "MQLs"
    return Section(
        key,
        title,
        says,
        pictures,
        [("Figures, reported → known today", table)],
        "A month's figures are frozen at the first run after it closed. They move"
        " afterwards where answers, opportunities or corrections come in later.",
    )


def quarter_of(month: date) -> str:
    """`2026 Q2`."""
    return f"{month.year} Q{(month.month + 2) // 3}"


def ripened(rows: Sequence[Row], stage: str) -> dict[str, list[tuple[int, int, int]]]:
    """Quarter -> (months since, stage's count, MQLs), while all its months are told."""
    ages: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    cohorts: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        quarter = quarter_of(row["cohort_month"])
        cohorts[quarter].add(row["cohort_month"])
        if row["is_mature"]:
            ages[quarter][row["months_since"]].append(row)
    return {
        quarter: [
            (age, total(found, stage), total(found, "mqls"))
            for age, found in sorted(by_age.items())
            if {row["cohort_month"] for row in found} == cohorts[quarter]
        ]
        for quarter, by_age in sorted(ages.items())
    }


def ripening(marts: Marts, months: Period) -> Section:
    """How the MQLs of each quarter ripen, month after month."""
    stages = {"accepted": "Accepted by sales", "opportunities": "Became an opportunity"}
    curves = {stage: ripened(marts["cohorts"], stage) for stage in stages}
    quarters = [name for name, points in curves["accepted"].items() if points]
    quarters = quarters[-QUARTERS_SHOWN:]
    # the newest in the same look, however many there are
    looks = [
        (charts.RED, "*"),
        (charts.BLUE, "o"),
        (charts.GREEN, "D"),
        (charts.SKY, "s"),
        (charts.SOFT, "^"),
        (charts.PINK, "v"),
    ]
    pictures = []
    for stage, name in stages.items():
        with drawing(f"ripening-{stage}", name, 2.9) as made:
            (panel,) = made.axes()
            drawn = zip(quarters[::-1], looks, strict=False)
            for rank, (quarter, (colour, marker)) in enumerate(drawn):
                points = [point for point in curves[stage][quarter] if point[0] <= YEAR]
                panel.plot(
                    [age for age, _, _ in points],
                    [part / whole for _, part, whole in points],
                    color=colour,
                    marker=marker,
                    markersize=4,
                    label=quarter,
                    # the newest on top
                    zorder=10 - rank,
                )
            charts.percents(panel)
            panel.set_xlabel("months after the month of the MQL")
            panel.xaxis.set_major_locator(charts.MaxNLocator(integer=True))
            charts.headed(panel, name)
        pictures.append(Picture(made.svg))
    rows = []
    for quarter in quarters[::-1]:
        accepted, opened = curves["accepted"][quarter], curves["opportunities"][quarter]
        for (age, count, mqls), (_, opportunities, _) in zip(accepted, opened):
            if age in (0, 1, 2, 3, 6, 9, YEAR):
                rows.append(
                    [
                        quarter,
                        number(age),
                        number(mqls),
                        said_with_bounds(interval(count, mqls)),
                        said_with_bounds(interval(opportunities, mqls)),
                    ]
                )
    head = ["Quarter", "Months since", "MQLs", "Accepted", "Became an opportunity"]
    return Section(
        "ripening",
        "How cohorts ripen",
        ["Where a later curve lies above the earlier ones, MQLs are getting better."],
        pictures,
        [("Figures", Table(head, rows, range(1, 5)))],
        f"{COUNTED} The cohorts of a quarter's months, added up, each as many months on;"
        " a curve ends where one of them has not got so far. Of few MQLs a curve jumps:"
        " the table has the intervals.",
    )


def rejections(marts: Marts, months: Period) -> Section:
    """Why sales sends leads back, month by month."""
    key, title = "why-rejected", "Why sales sends leads back"
    shown = [row["month"] for row in months.months[-YEAR:]]
    labels = reasons(marts)
    counts: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for row in marts["rejections"]:
        if row["month"] in shown:
            counts[row["reason"]][row["month"]] += row["rejections"]
    if not counts:
        return Section(key, title, ["Nothing was rejected in the last twelve months."])
    sums = {reason: sum(found.values()) for reason, found in counts.items()}
    ranked = sorted(sums, key=lambda reason: (-sums[reason], reason))
    by_month = {
        month: sum(counts[reason][month] for reason in ranked) for month in shown
    }
    raised = {
        (row["reason_code"], row["month"])
        for row in marts["alerts"]
        if row["is_raised"] and row["reason_code"]
    }
    with drawing("why-rejected-chart", title, 1.2 + 0.3 * len(ranked)) as made:
        (panel,) = made.axes()
        shares = [
            [
                counts[reason][month] / by_month[month] if by_month[month] else 0
                for month in shown
            ]
            for reason in ranked
        ]
        panel.pcolormesh(
            [along - 0.5 for along in range(len(shown) + 1)],
            [down - 0.5 for down in range(len(ranked) + 1)],
            shares,
            cmap="Blues",
            vmin=0,
            vmax=0.6,
        )
        for down, reason in enumerate(ranked):
            for along, month in enumerate(shown):
                count = counts[reason][month]
                is_raised = (reason, month) in raised
                panel.text(
                    along,
                    down,
                    f"{count}{'!' if is_raised else ''}" if count else "·",
                    ha="center",
                    va="center",
                    fontsize=9,
                    fontweight="bold" if is_raised else "normal",
                    color="white" if shares[down][along] > 0.35 else charts.INK,
                )
        charts.rows_of_names(panel, [labels[reason] for reason in ranked])
        charts.month_ticks(panel, [short_month(month) for month in shown], 4)
        panel.set_ylim(len(ranked) - 0.5, -0.5)
        panel.spines["bottom"].set_visible(False)
    whole = sum(sums.values())
    table = Table(
        ["Reason", *(short_month(month) for month in shown), "All"],
        [
            [
                labels[reason],
                *(number(counts[reason][month]) for month in shown),
                f"{number(sums[reason])} ({percent(sums[reason] / whole)})",
            ]
            for reason in ranked
        ],
        range(1, len(shown) + 2),
    )
    return Section(
        key,
        title,
        [
            (
                f"In {count_of(len(shown), 'month')} sales rejected {number(whole)} MQLs,"
                f" most often for “{labels[ranked[0]]}”"
                f" ({percent(sums[ranked[0]] / whole)})."
            )
        ],
        [
            Picture(
                made.svg,
                "Rejections in each month; the darker, the larger the share of the"
                " month's rejections. An exclamation mark: an alert.",
            )
        ],
        [("Figures", table)],
        "The reason of the first rejection of each hand-over, by the month of the MQL;"
        " “unspecified” where no valid one was given.",
    )


def follow_up(marts: Marts, months: Period) -> Section:
    """Who follows up in time."""
    key, title = "follow-up", "Follow-up in time"
    shown = [row["month"] for row in months.months[-SLA_MONTHS:]]
    kept: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in marts["sla"]:
        if row["month"] in shown:
            kept[row["rep_id"], row["priority"]].append(row)

    def compliance(rows: Sequence[Row]) -> tuple[int, int]:
        met = total(rows, "met")
        return met, met + total(rows, "breached") + total(rows, "overdue")

    def of_rep(rep: str) -> tuple[int, int]:
        found = [row for (who, _), rows in kept.items() if who == rep for row in rows]
        return compliance(found)

    reps = [rep for rep in sorted({rep for rep, _ in kept}) if of_rep(rep)[1]]
    reps.sort(key=lambda rep: of_rep(rep)[0] / of_rep(rep)[1])
    drawn = reps[:REPS_SHOWN]
    if not reps:
        return Section(key, title, ["No follow-up has been due in these months."])
    limit = limit_of(marts, months, "sla_compliance_rate")
    looks = {
        "high": (charts.ORANGE, "D", -0.17),
        "standard": (charts.BLUE, "o", 0.17),
    }
    with drawing("follow-up-chart", title, 1.2 + 0.42 * len(drawn)) as made:
        (panel,) = made.axes()
        for priority, (colour, marker, offset) in looks.items():
            label = f"{priority} priority"
            for place, rep in enumerate(drawn):
                met, due = compliance(kept.get((rep, priority), []))
                if due:
                    charts.intervals(
                        panel,
                        [place + offset],
                        [interval(met, due)],
                        colour,
                        marker,
                        label,
                    )
                    label = None
        charts.percents(panel, "x", 1.02)
        charts.rows_of_names(panel, drawn)
        if limit is not None:
            charts.limit_line(panel, limit, f"limit: {percent(limit)}", lying=False)
        charts.headed(panel, "In time, of those due")
    rows = []
    for rep in reps:
        for priority in looks:
            found = kept.get((rep, priority), [])
            met, due = compliance(found)
            if found:
                newest = found[-1]
                rows.append(
                    [
                        rep,
                        priority,
                        number(total(found, "handoffs")),
                        number(met),
                        number(total(found, "breached")),
                        number(total(found, "overdue")),
                        number(total(found, "open")),
                        said_with_bounds(interval(met, due)),
                        (
                            f"{number(newest['median_response_hours'])}"
                            f" ({short_month(newest['month'])})"
                        ),
                    ]
                )
    head = ["Rep", "Priority", "Hand-overs", "In time", "Late", "Overdue", "Not due"]
    head += ["In time of those due", "Median hours, last month"]
    met, due = compliance([row for found in kept.values() for row in found])
    return Section(
        key,
        title,
        [
            (
                f"From {month_name(shown[0])} to {month_name(shown[-1])},"
                f" {number(met)} of {number(due)}"
                f" follow-ups came in time: {said_with_bounds(interval(met, due))}."
            )
        ],
        [
            Picture(
                made.svg,
                "The rep with the lowest share is on top"
                + (f"; the table has all {len(reps)}." if drawn != reps else "."),
            )
        ],
        [("Figures", Table(head, rows, range(2, 9)))],
        "In time, of those answered in time, answered late, or overdue; by the month of"
        f" the MQL. Reps are named by their id. {BOUNDS}",
    )
