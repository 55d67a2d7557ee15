"""Whether the definition is right: thresholds, drivers, campaigns, definitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mql.definition.document import Table
from mql.review import charts
from mql.review.charts import drawing
from mql.review.figures import (
    BOUNDS,
    in_force,
    line_order,
    total,
)
from mql.review.page import Period, Picture, Section
from mql.review.read import Marts, Row
from mql.review.words import (
    UNKNOWN,
    capital,
    count_of,
    dollars,
    listed,
    named,
    number,
    percent,
    with_bounds,
)

CAMPAIGNS_SHOWN = 12
# The attributes compared; the mart has more, too many for a picture.
DRIVERS = {
    "trigger_type": "Trigger",
    "role_class": "Role",
    "specialty": "Specialty",
    "facility_type": "Facility",
    "fit_band": "Fit score",
    "last_channel": "Last touch",
    "had_webinar": "Webinar",
    "had_content_download": "Download",
    "had_event": "Event",
    "had_direct_request": "Direct request",
}


def thresholds(marts: Marts, months: Period) -> Section:
    """What other thresholds would have done, line by line."""
    key, title = "thresholds", "Would another threshold be better?"
    definition = in_force(marts, months)
    rows = [row for row in marts["sweep"] if row["definition_id"] == definition]
    if not rows:
        return Section(key, title, ["No definition is in force: nothing to try."])
    pictures, tables, says = [], [], []
    for line in sorted({row["product_line"] for row in rows}, key=line_order(marts)):
        swept = [row for row in rows if row["product_line"] == line]
        pictures.append(sweep_picture(line, swept))
        tables.append((f"Figures: {named(line)}", sweep_table(swept)))
        best = next((row for row in swept if row["is_recommended"]), None)
        now = next((row for row in swept if row["is_current"]), None)
        if best and now:
            moved = (
                f"stay at {number(now['threshold'])}"
                if best is now
                else f"from {number(now['threshold'])} to {number(best['threshold'])}"
            )
            says.append(
                f"{capital(named(line))}: {moved} points"
                f" ({best['reason'] or 'no reason given'})."
            )
    return Section(
        key,
        title,
        says,
        pictures,
        tables,
        f"Under {definition}, over the last year. A recommendation is never applied by"
        " itself. What sales would have said of leads below the threshold in force is"
        " not known: nobody was handed over there, so no acceptance is drawn. "
        f"{BOUNDS}",
    )


def sweep_picture(line: str, swept: Sequence[Row]) -> Picture:
    """Volume and acceptance by threshold, with the ones in force and recommended."""
    kind = swept[0]["score_kind"]
    best = next((row for row in swept if row["is_recommended"]), None)
    now = next((row for row in swept if row["is_current"]), None)
    title = f"{capital(named(line))}: MQLs and acceptance by threshold"
    with drawing(f"threshold-{line}", title, 3.6) as made:
        upper, lower = made.axes(2)
        points = [row["threshold"] for row in swept]
        upper.plot(
            points,
            [row["mqls_per_month"] for row in swept],
            ".-",
            color=charts.BLUE,
            label="MQLs a month",
        )
        capacities = [row["capacity"] for row in swept if row["capacity"] is not None]
        if capacities:
            upper.axhline(
                capacities[0], color=charts.INK, linestyle=":", label="capacity"
            )
        upper.set_ylim(0)
        told = [row for row in swept if row["acceptance_rate"] is not None]
        charts.band(
            lower,
            [row["threshold"] for row in told],
            told,
            "acceptance_rate",
            hollow=[not row["is_enough_data"] for row in told],
        )
        charts.percents(lower, top=1)
        for panel in (upper, lower):
            if now is not None:
                panel.axvline(
                    now["threshold"],
                    color=charts.SOFT,
                    linestyle="--",
                    label=f"in force: {number(now['threshold'])}",
                )
            if best is not None:
                panel.axvline(
                    best["threshold"],
                    color=charts.ORANGE,
                    linewidth=2.4,
                    label=f"recommended: {number(best['threshold'])}",
                    zorder=0,
                )
        charts.headed(upper, f"{capital(named(line))}: MQLs a month", columns=2)
        lower.set_title("Accepted by sales")
        lower.set_xlabel(f"threshold, points of the {kind} score")
    return Picture(made.svg, "A hollow point: too few answers to judge.")


def sweep_table(swept: Sequence[Row]) -> Table:
    """The candidates of a line."""
    rows = []
    for row in swept:
        marks = ["in force"] if row["is_current"] else []
        marks += ["recommended"] if row["is_recommended"] else []
        rows.append(
            [
                number(row["threshold"]),
                listed(marks),
                number(row["mqls_per_month"]),
                number(row["capacity"]),
                number(row["acceptance_mature_mqls"]),
                with_bounds(row, "acceptance_rate"),
                with_bounds(row, "opportunity_rate"),
            ]
        )
    head = ["Threshold", "", "MQLs a month", "Capacity", "Old enough", "Acceptance"]
    return Table([*head, "To opportunity"], rows, range(2, 7))


def drivers(marts: Marts) -> Section:
    """Which characteristics go with opportunities."""
    key, title = "drivers", "Who becomes an opportunity?"
    rows = [row for row in marts["drivers"] if row["attribute"] in DRIVERS]
    enough = [row for row in rows if row["is_enough_data"]]
    if not enough:
        return Section(
            key, title, ["There are not yet enough MQLs old enough to compare any."]
        )
    order = list(DRIVERS)
    pictures, tables, says = [], [], []
    for line in sorted({row["product_line"] for row in enough}, key=line_order(marts)):
        of_line = [row for row in rows if row["product_line"] == line]
        told = sorted(
            (row for row in of_line if row["is_enough_data"]),
            key=lambda row: (order.index(row["attribute"]), row["value"]),
        )
        attribute = told[0]["attribute"]
        # each attribute has a value for every MQL, so any of them gives the whole line
        whole = [row for row in of_line if row["attribute"] == attribute]
        average = total(whole, "opportunities") / total(whole, "mqls")
        pictures.append(forest(line, told, average))
        tables.append((f"Figures: {named(line)}", driver_table(told)))
        apart = [
            row
            for row in told
            if row["opportunity_rate_low"] > average
            or row["opportunity_rate_high"] < average
        ]
        if apart:
            found = [
                f"{driver_name(row)} ({percent(row['opportunity_rate'])})"
                for row in apart
            ]
            says.append(
                f"{capital(named(line))}: apart from the line's {percent(average)}"
                f" stand {listed(found)}."
            )
        else:
            says.append(
                f"{capital(named(line))}: every interval holds the line's"
                f" {percent(average)}."
            )
    left_out = len(rows) - len(enough)
    return Section(
        key,
        title,
        says,
        pictures,
        tables,
        "Share of MQLs that became an opportunity, by what was true of them at the"
        " moment of the MQL, among months old enough to tell. They go together; that"
        " one causes the other is not said, and of twenty intervals about one leaves"
        f" out the truth by chance. {count_of(left_out, 'value')} with too few"
        f" MQLs {'is' if left_out == 1 else 'are'} left out. {BOUNDS}",
    )


def driver_name(row: Row) -> str:
    """`Trigger: direct request`, `Webinar: yes`."""
    return f"{DRIVERS[row['attribute']]}: {named(row['value'])}"


def forest(line: str, told: Sequence[Row], average: float) -> Picture:
    """Each value with its opportunity rate and bounds, and the line's average."""
    title = f"{capital(named(line))}: share that became an opportunity"
    with drawing(f"drivers-{line}", title, 1.15 + 0.235 * len(told)) as made:
        (panel,) = made.axes()
        rates = [
            tuple(row[f"opportunity_rate{end}"] for end in ("", "_low", "_high"))
            for row in told
        ]
        for place, (row, rate) in enumerate(zip(told, rates, strict=True)):
            apart = rate[1] > average or rate[2] < average
            charts.intervals(
                panel,
                [place],
                [rate],
                charts.RED if apart else charts.BLUE,
                "D" if apart else "o",
            )
            changes = place and told[place - 1]["attribute"] != row["attribute"]
            if changes:
                panel.axhline(place - 0.5, color=charts.LINE, linewidth=0.8, zorder=0)
        panel.axvline(
            average,
            color=charts.SOFT,
            linestyle="--",
            label=f"all MQLs of the line: {percent(average)}",
        )
        charts.percents(panel, "x")
        charts.rows_of_names(panel, [driver_name(row) for row in told])
        charts.headed(panel, capital(named(line)))
    return Picture(made.svg, "Diamond: its interval leaves out the line's share.")


def driver_table(told: Sequence[Row]) -> Table:
    """The values compared."""
    head = ["What was true", "MQLs", "Opportunities", "To opportunity", "Lift"]
    head += ["Acceptance", "Median days", "Average deal"]
    return Table(
        head,
        [
            [
                driver_name(row),
                number(row["mqls"]),
                number(row["opportunities"]),
                with_bounds(row, "opportunity_rate"),
                UNKNOWN if row["lift"] is None else f"{row['lift']:.2f}",
                with_bounds(row, "acceptance_rate"),
                number(row["median_days_to_opportunity"]),
                dollars(row["average_deal_usd"]),
            ]
            for row in told
        ],
        range(1, 8),
    )


def campaigns(marts: Marts) -> Section:
    """What campaigns bring, by the last touch and by the first."""
    key, title = "campaigns", "What campaigns bring"
    rows = marts["campaigns"]
    if not rows:
        return Section(key, title, ["No MQL has had a touch to count."])
    pictures, tables = [], []
    says = []
    for touch in ("last", "first"):
        found = [row for row in rows if row["touch"] == touch]
        added = defaultdict(lambda: defaultdict(float))
        for row in found:
            for name in ("mqls", "accepted", "opportunities", "amount_won_usd"):
                added[row["campaign"]][name] += row[name]
        ranked = sorted(added, key=lambda name: (-added[name]["mqls"], name))
        pictures.append(campaign_picture(touch, added, ranked[:CAMPAIGNS_SHOWN]))
        tables.append((f"Figures: {touch} touch", campaign_table(found)))
        named_ones = [name for name in ranked if name != "none"]
        if named_ones:
            most = named_ones[0]
            says.append(
                f"By {touch} touch, the campaign with most MQLs is {most}:"
                f" {count_of(added[most]['mqls'], 'MQL')},"
                f" {dollars(added[most]['amount_won_usd'])} won."
            )
    return Section(
        key,
        title,
        says,
        pictures,
        tables,
        "All MQLs of people so far, by the campaign of the first and of the last touch"
        " before the MQL; the same MQLs both times, so do not add the two. Counts are of"
        " people handed over, not of product lines; an account has no campaign. Rates in"
        " the tables count only months old enough to tell.",
    )


def campaign_picture(touch: str, added: dict, ranked: Sequence[str]) -> Picture:
    """MQLs, accepted ones and opportunities of the largest campaigns."""
    title = f"By {touch} touch before the MQL"
    looks = {
        "mqls": ("MQLs", charts.LINE, 0.78),
        "accepted": ("accepted", charts.SKY, 0.5),
        "opportunities": ("opportunities", charts.BLUE, 0.24),
    }
    with drawing(f"campaigns-{touch}", title, 1.1 + 0.31 * len(ranked)) as made:
        (panel,) = made.axes()
        for name, (label, colour, height) in looks.items():
            panel.barh(
                range(len(ranked)),
                [added[campaign][name] for campaign in ranked],
                color=colour,
                height=height,
                label=label,
            )
        names = ["no campaign" if name == "none" else name for name in ranked]
        charts.rows_of_names(panel, names)
        panel.xaxis.set_major_locator(charts.MaxNLocator(4, integer=True))
        charts.headed(panel, title)
    return Picture(made.svg)


def campaign_table(found: Sequence[Row]) -> Table:
    """The campaigns and channels of one kind of touch."""
    head = ["Campaign", "Channel", "MQLs", "Accepted", "Opportunities", "Won"]
    head += ["Acceptance", "To opportunity", "Pipeline", "Amount won"]
    return Table(
        head,
        [
            [
                "no campaign" if row["campaign"] == "none" else row["campaign"],
                named(row["channel"]),
                number(row["mqls"]),
                number(row["accepted"]),
                number(row["opportunities"]),
                number(row["won"]),
                with_bounds(row, "acceptance_rate"),
                with_bounds(row, "opportunity_rate"),
                dollars(row["pipeline_usd"]),
                dollars(row["amount_won_usd"]),
            ]
            for row in sorted(
                found, key=lambda row: (-row["mqls"], row["campaign"], row["channel"])
            )
        ],
        range(2, 10),
    )


def definitions(marts: Marts, months: Period) -> Section:
    """The definitions against the same history."""
    key, title = "definitions", "The definitions on the same history"
    rows = [row for row in marts["backtest"] if row["mqls"]]
    if not rows:
        return Section(key, title, ["No definition has MQLs old enough to judge."])
    names = sorted({row["definition_id"] for row in rows})
    official = in_force(marts, months)
    if official in names:
        names.remove(official)
        names.insert(0, official)
    lines = sorted({row["product_line"] for row in rows}, key=line_order(marts))
    looks = [(charts.BLUE, "o"), (charts.ORANGE, "D"), (charts.GREEN, "s")]
    measures = {
        "precision": "MQLs that became an opportunity in time.",
        "recall": "Opportunities that had an MQL before them.",
        "lift": "Precision over the chance of anybody; dashed: no better.",
    }
    step = 0.7 / len(names)
    pictures = []
    for measure, said in measures.items():
        height = 1.25 + (0.12 + 0.2 * len(names)) * len(lines)
        with drawing(f"definitions-{measure}", capital(measure), height) as made:
            (panel,) = made.axes()
            for number_of, name in enumerate(names):
                colour, marker = looks[number_of % len(looks)]
                # in the key full, whatever the first row is
                panel.plot([], [], marker, color=colour, label=name)
                for row in rows:
                    rate = tuple(
                        row[f"{measure}{end}"] for end in ("", "_low", "_high")
                    )
                    if row["definition_id"] != name or None in rate:
                        continue
                    place = lines.index(row["product_line"])
                    charts.intervals(
                        panel,
                        [place + (number_of - (len(names) - 1) / 2) * step],
                        [rate],
                        colour,
                        marker,
                        hollow=not row["is_enough_data"],
                    )
            if measure == "lift":
                panel.axvline(1, color=charts.SOFT, linestyle="--")
                panel.set_xlim(0)
                panel.grid(True, axis="x")
            else:
                charts.percents(panel, "x", 1)
            charts.rows_of_names(panel, [capital(named(line)) for line in lines])
            charts.headed(panel, capital(measure))
        pictures.append(Picture(made.svg, said))
    moves = moves_picture(marts["diff"])
    if moves is not None:
        pictures.append(moves)
    head = ["Product line", "Definition", "MQLs", "Precision", "Handed over, share"]
    head += ["Precision of those", "Precision of the others", "Recall", "Lift"]
    head += ["Acceptance, between"]
    table = Table(
        head,
        [
            [
                capital(named(row["product_line"])),
                row["definition_id"],
                number(row["mqls"]),
                with_bounds(row, "precision"),
                percent(row["observed_share"]),
                with_bounds(row, "precision_handed_over"),
                with_bounds(row, "precision_never_handed_over"),
                with_bounds(row, "recall"),
                lift_with_bounds(row),
                (
                    f"{percent(row['acceptance_rate_low'])} and"
                    f" {percent(row['acceptance_rate_high'])}"
                ),
            ]
            for line in lines
            for row in rows
            if row["product_line"] == line
        ],
        range(2, 10),
    )
    tables = [("Figures", table)]
    if marts["diff"]:
        tables.append(("Who would enter, who would leave, and why", moves_table(marts)))
    return Section(
        key,
        title,
        [
            (
                "Caution: reps open opportunities for leads they were handed, so the"
                " definition in force makes its own luck. What became of contacts never"
                " handed over stands apart in the table; where there are none, this"
                " history cannot say how they would have done."
            )
        ],
        pictures,
        tables,
        "Official and proposed definitions scored on the same history; only MQLs old"
        " enough to have become an opportunity. A hollow point: too few MQLs to judge."
        " Acceptance lies between all unobserved ones rejected and all accepted. "
        f"{BOUNDS}",
    )


def lift_with_bounds(row: Row) -> str:
    """`12.5 (10.6–14.6)`."""
    if row["lift"] is None:
        return UNKNOWN
    return f"{row['lift']:.1f} ({row['lift_low']:.1f}–{row['lift_high']:.1f})"


def moves_picture(diff: Sequence[Row]) -> Picture | None:
    """Who would enter and leave if another definition were in force now."""
    if not diff:
        return None
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(
        lambda: {"enters": 0, "leaves": 0}
    )
    for row in diff:
        counts[row["other_definition_id"], row["product_line"]][row["change"]] += row[
            "contacts"
        ]
    keys = sorted(counts)
    several = len({definition for definition, _ in keys}) > 1
    said = "Who would enter and leave today"
    with drawing("definitions-moves", said, 1.1 + 0.36 * len(keys)) as made:
        (panel,) = made.axes()
        for place, found in enumerate(keys):
            for change, sign, colour in (
                ("leaves", -1, charts.ORANGE),
                ("enters", 1, charts.BLUE),
            ):
                count = counts[found][change]
                panel.barh(
                    place,
                    sign * count,
                    color=colour,
                    height=0.6,
                    label=None if place else f"{change[:-1]}",
                )
                if count:
                    panel.annotate(
                        number(count),
                        (sign * count, place),
                        (4 * sign, 0),
                        textcoords="offset points",
                        va="center",
                        ha="left" if sign > 0 else "right",
                    )
        panel.axvline(0, color=charts.SOFT, linewidth=0.8)
        most = max(count for found in counts.values() for count in found.values())
        panel.set_xlim(-1.25 * most, 1.25 * most)
        panel.xaxis.set_visible(False)
        panel.spines["bottom"].set_visible(False)
        charts.rows_of_names(
            panel,
            [
                capital(named(line)) + (f" ({definition})" if several else "")
                for definition, line in keys
            ],
        )
        charts.headed(panel, said)
    others = listed(sorted({definition for definition, _ in keys}))
    return Picture(made.svg, f"People who qualify today, if {others} were in force.")


def moves_table(marts: Marts) -> Table:
    """Why people would enter or leave."""
    return Table(
        ["Definition", "Product line", "Change", "Because of", "People"],
        [
            [
                row["other_definition_id"],
                named(row["product_line"]),
                row["change"],
                row["because_of"] or UNKNOWN,
                number(row["contacts"]),
            ]
            for row in marts["diff"]
        ],
        (4,),
    )
