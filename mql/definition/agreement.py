"""The agreement itself: what makes an MQL, who follows up, and what happens then.

Figures come from the rows; the sentences around them say what the rules do with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from mql.definition.document import (
    Bullets,
    Heading,
    Paragraph,
    Section,
    Table,
    grouped,
    product_lines,
)
from mql.definition.read import ALL_LINES, Definition, Row, distinct
from mql.definition.words import (
    NOT_ASKED,
    Names,
    counted,
    figure,
    listed,
    marked,
    moment,
    numbers,
    ordinal,
    percent,
    plain,
    sentence,
)

FIT_CRITERIA = {
    "target_specialty": "Specialty is a target of the line",
    "target_facility": "Facility type is a target of the line",
    "decision_maker": "Role decides on purchases",
    "target_geography": "Place is a target of sales",
    "current_customer": "Current customer: an own service contract is in force",
    "trainee": "Student, resident or other trainee",
    "disqualified_facility": "Facility type is disqualified",
}
METRICS = {
    "acceptance_rate": "share of answered leads that sales accepts",
    "rejection_share": "share of leads rejected",
    "mqls_per_rep": "new leads per rep and month",
    "sla_compliance_rate": "share of hand-overs answered in time",
    "unrouted_handoffs": "hand-overs without a rep",
}
COMPARISONS = {"below": "below", "at_least": "at least", "above": "above"}
SHARES = ("_rate", "_share")


def agreement(definition: Definition, names: Names) -> list[Section]:
    """The sections in the order in which people read them."""
    return [
        thresholds(definition, names),
        fit(definition, names),
        engagement(definition, names),
        negative_signals(definition, names),
        fading(definition),
        accounts(definition, names),
        routing(definition, names),
        follow_up(definition),
        answers(definition),
        review(definition, names),
    ]


def thresholds(definition: Definition, names: Names) -> Section:
    """When a person qualifies: scores and gates per line."""
    rows = definition.rules["qualification_criteria"]
    columns: dict[str, list[Callable[[Row], str]]] = {
        "Scores, at least": [
            lambda row: amount("fit", row.number("min_fit_score")),
            lambda row: amount(
                "fit and engagement together", row.number("min_total_score")
            ),
            lambda row: amount("engagement", row.number("min_engagement_score")),
        ],
        "Gates and windows": [
            lambda row: (
                "a target specialty (asked of clinical roles)"
                if row.flag("requires_specialty")
                else ""
            ),
            lambda row: (
                "a target facility type" if row.flag("requires_target_facility") else ""
            ),
            lambda row: (
                f"{figure(row.number('min_bed_count'))} beds or more (unknown fails)"
                if row["min_bed_count"]
                else ""
            ),
            role_gate,
            lambda row: (
                "a place that sales covers"
                if row.flag("requires_covered_geography")
                else ""
            ),
            service_gate,
            lambda row: (
                "a direct request stands in for the scores for "
                f"{counted(row.number('direct_request_days'), 'day')}"
            ),
            lambda row: (
                "an engagement in the last "
                f"{counted(row.number('max_silence_days'), 'day')}"
                if row["max_silence_days"]
                else ""
            ),
        ],
    }
    blocks = [
        Paragraph("A person becomes an MQL for a product line when all of this holds:"),
        Bullets(
            [
                (
                    "Fit: every gate of the line and its minimum fit score. No amount"
                    " of engagement and no request waives them."
                ),
                (
                    "Interest: the line's scores, or a direct request, which qualifies"
                    " at once."
                ),
                (
                    "Welcome: not suppressed, not held after an answer of sales, no"
                    " opportunity open, and not silent for too long."
                ),
            ]
        ),
        table_by_line(rows, columns, names),
    ]
    return Section("thresholds", "When a person is an MQL", blocks)


def amount(what: str, number: Decimal | None) -> str:
    return "" if number is None else f"{what} {figure(number)}"


def role_gate(row: Row) -> str:
    classes = [plain(name.strip()) for name in row["allowed_role_classes"].split("|")]
    return f"role: {listed(classes, 'or')}" if row["allowed_role_classes"] else ""


def service_gate(row: Row) -> str:
    if not row.flag("requires_service_signal"):
        return ""
    window = row.number("service_window_days")
    own = f"an own contract that ends within {counted(window, 'day')}, or "
    return (
        f"a service signal: {own if window is not None else ''}a competitor's contract"
        " in force"
    )


def table_by_line(
    rows: Sequence[Row],
    columns: dict[str, list[Callable[[Row], str]]],
    names: Names,
) -> Table:
    """A row per product line, before them one for what holds for all of them.

    columns: name -> what to say of a line, each "" where there is nothing to say.
    """
    shared, by_line = [], [[] for _ in rows]
    for phrases in columns.values():
        said = [[phrase(row) for row in rows] for phrase in phrases]
        common = [texts[0] for texts in said if len(set(texts)) == 1]
        shared.append("; ".join(text for text in common if text))
        for position, cells in enumerate(by_line):
            own = [texts[position] for texts in said if len(set(texts)) > 1]
            cells.append("; ".join(text for text in own if text))
    table = [[marked("All lines", rows), *map(sentence, shared)]] if any(shared) else []
    table += [
        [marked(names.label(row), [row]), *map(sentence, cells)]
        for row, cells in zip(rows, by_line, strict=True)
        if any(cells)
    ]
    filled = [
        position
        for position in range(len(columns) + 1)
        if any(cells[position] for cells in table)
    ]
    head = ["Product line", *columns]
    return Table(
        [head[position] for position in filled],
        [[cells[position] or NOT_ASKED for position in filled] for cells in table],
    )


def fit(definition: Definition, names: Names) -> Section:
    """Fit criteria that earn points."""
    rows = [row for row in definition.rules["fit_points"] if not takes(row)]
    blocks = [
        Paragraph(
            "Does this person match the customer we look for? Each criterion counts"
            f" once. {fit_range(definition, names)} Who is a target is listed in the"
            " annex."
        ),
        Table(
            ["Criterion", "Points"],
            [
                [
                    marked(
                        with_lines(fit_words(group[0]), group, definition, names), group
                    ),
                    points(group[0]),
                ]
                for group in grouped(
                    together(rows, "criterion"),
                    lambda row: (row["criterion"], points(row)),
                ).values()
            ],
            numeric=[1],
        ),
    ]
    return Section("fit", "Fit: does this person match?", blocks)


def fit_words(row: Row) -> str:
    return FIT_CRITERIA.get(row["criterion"], sentence(plain(row["criterion"])))


def fit_range(definition: Definition, names: Names) -> str:
    """Lowest and highest fit score: all that takes, all that earns."""
    ranges: dict[tuple[str, str], list[str]] = {}
    for line in product_lines(definition):
        resolved: dict[str, Decimal] = {}
        for wanted in (ALL_LINES, line):
            for row in definition.rules["fit_points"]:
                if row["product_line"] == wanted:
                    resolved[row["criterion"]] = row.number("points") or Decimal(0)
        least = sum((value for value in resolved.values() if value < 0), Decimal(0))
        most = sum((value for value in resolved.values() if value > 0), Decimal(0))
        ranges.setdefault((figure(least), figure(most)), []).append(line)
    every_line = product_lines(definition)
    return (
        "Fit scores reach "
        + "; ".join(
            f"from {least} to {most} ({names.lines(lines, every_line)})"
            for (least, most), lines in ranges.items()
        )
        + "."
    )


def together(rows: Sequence[Row], column: str) -> list[Row]:
    """The rows in their order, but those about the same thing one after the other."""
    return [
        row
        for group in grouped(rows, lambda row: (row[column],)).values()
        for row in group
    ]


def points(row: Row) -> str:
    return figure(row.number("points"))


def takes(row: Row) -> bool:
    return (row.number("points") or 0) < 0


def with_lines(
    text: str, rows: Sequence[Row], definition: Definition, names: Names
) -> str:
    """The text, and in brackets the lines it holds for unless these are all."""
    words = names.lines(
        [row["product_line"] for row in rows], product_lines(definition)
    )
    return text if words == "all lines" else f"{text} ({words})"


def engagement(definition: Definition, names: Names) -> Section:
    """Activities that earn points, and which of them count."""
    rows = [row for row in definition.rules["activity_points"] if not is_negative(row)]
    row = definition.row
    depth = (
        f"the {ordinal(row.number('topic_depth_downloads'))} download on one topic"
        f" within {counted(row.number('topic_depth_days'), 'day')}, and each after it,"
        f" earns {counted(row.number('topic_depth_points'), 'point')} more"
    )
    machine = counted(row.number("machine_response_seconds"), "second")
    blocks = [
        Paragraph(
            "Has this person shown real interest? Points add up in time order, never"
            " below 0 and without a cap. A product line counts the activities about it"
            " and those about no line in particular; general counts all."
        ),
        activity_table(rows, definition, names),
        Bullets(
            [
                (
                    "Of one email only the first open and the first click score. What"
                    " is scored once per asset, or up to a number a day, earns nothing"
                    " beyond that and still counts as engagement."
                ),
                marked(
                    "Machine-made activities score nothing and are no engagement: what"
                    f" the source flags, and opens and clicks less than {machine} after"
                    " the email was sent.",
                    [row],
                ),
                marked(f"Depth: {depth}.", [row]),
            ]
        ),
    ]
    return Section("engagement", "Engagement: has this person shown interest?", blocks)


def is_negative(row: Row) -> bool:
    """Whether an activity takes points, suppresses, or ends a suppression."""
    return takes(row) or row.flag("is_disqualifying") or row.flag("is_opt_in")


def activity_table(rows: Sequence[Row], definition: Definition, names: Names) -> Table:
    """A row per activity and what it earns; lines that say the same are one row."""
    groups = grouped(
        together(rows, "activity_type"),
        lambda row: (row["activity_type"], points(row), *activity_effects(row)),
    )
    return Table(
        ["Activity", "Points", "Remarks"],
        [
            [
                marked(
                    with_lines(
                        sentence(
                            names.name("activity_type", group[0]["activity_type"])
                        ),
                        group,
                        definition,
                        names,
                    ),
                    group,
                ),
                points(group[0]),
                sentence("; ".join(activity_effects(group[0]))) or NOT_ASKED,
            ]
            for group in groups.values()
        ],
        numeric=[1],
    )


def activity_effects(row: Row) -> list[str]:
    """What an activity does besides its points."""
    effects = []
    if row.flag("is_direct_request"):
        effects.append("direct request: qualifies at once")
    if row.flag("is_disqualifying"):
        effects.append("suppresses")
    if row.flag("is_opt_in"):
        effects.append("ends a suppression")
    # only what one would not expect
    if row.flag("is_engagement") and is_negative(row):
        effects.append("counts as engagement")
    if not row.flag("is_engagement") and not is_negative(row):
        effects.append("no engagement")
    if row["product_line"] == ALL_LINES and row.flag("score_once_per_asset"):
        effects.append("once per asset")
    if row["product_line"] == ALL_LINES and row["max_scored_per_day"]:
        effects.append(f"{figure(row.number('max_scored_per_day'))} a day at most")
    return effects


def negative_signals(definition: Definition, names: Names) -> Section:
    """What takes points, and what suppresses."""
    activities = definition.rules["activity_points"]
    negative = [row for row in activities if is_negative(row)]
    fit_rows = [row for row in definition.rules["fit_points"] if takes(row)]
    table = activity_table(negative, definition, names)
    rows = [
        [
            marked(with_lines(fit_words(group[0]), group, definition, names), group),
            points(group[0]),
            "Taken from the fit score",
        ]
        for group in grouped(
            together(fit_rows, "criterion"),
            lambda row: (row["criterion"], points(row)),
        ).values()
    ]
    suppressing = distinct(
        plain(row["activity_type"])
        for row in activities
        if row.flag("is_disqualifying")
    )
    lifting = distinct(
        plain(row["activity_type"]) for row in activities if row.flag("is_opt_in")
    )
    after = listed([*lifting, "direct request"], "or")
    blocks = [
        Table(["Signal", *table.head[1:]], [*rows, *table.rows], numeric=[1]),
        Paragraph(
            f"Suppressed is whoever sent one of these: {listed(suppressing)}. Such a"
            " person loses MQL status at once, on every line and whatever the score,"
            f" until a later {after} that no machine made. What is already with a rep"
            " is withdrawn."
        ),
    ]
    return Section("negative", "Negative signals and suppression", blocks)


def fading(definition: Definition) -> Section:
    """How engagement wears off."""
    row = definition.row
    if row["decay_method"] == "half_life":
        text = (
            "Engagement fades steadily: every point is worth half after"
            f" {counted(row.number('half_life_days'), 'day')}, a quarter after twice as"
            " long, and so on."
        )
    elif row["decay_method"] == "inactivity":
        lost = abs(row.number("inactivity_points") or Decimal(0))
        text = (
            "Engagement fades with silence: a person whose last engagement was"
            f" {counted(row.number('inactivity_days'), 'day')} ago loses"
            f" {counted(lost, 'point')}, and as many again every"
            f" {counted(row.number('inactivity_period_days'), 'day')} after that, down"
            " to 0. Any engagement restarts the clock; points lost do not come back."
        )
    else:
        raise row.unreadable("decay_method", "inactivity or half_life")
    blocks = [
        Paragraph(marked(text, [row])),
        Paragraph(
            marked(
                "An MQL ends when the scores fall below the threshold. Whoever reaches"
                " it again less than"
                f" {counted(row.number('requalify_gap_days'), 'day')} later is the same"
                " MQL, not a new one, unless a direct request starts it.",
                [row],
            )
        ),
    ]
    return Section("fading", "Fading: interest wears off", blocks)


def accounts(definition: Definition, names: Names) -> Section:
    """When an account qualifies as a whole."""
    blocks = [
        Paragraph(
            "Several colleagues who show interest say more than one. An account is an"
            " MQL for a product line, with or without an MQL among its people, as long"
            " as its people are engaged as below, at least one of them passes the"
            " line's gates and minimum fit, the account itself passes the line's gates on"
            " facility, beds and place, and it has no open opportunity for the line."
            " Trainees, non buyers, and whoever is suppressed or held do not count."
        ),
        table_by_line(
            definition.rules["qualification_criteria"],
            {"Engaged people of one account": [account_threshold]},
            names,
        ),
    ]
    return Section("accounts", "When an account is an MQL", blocks)


def account_threshold(row: Row) -> str:
    if not row["account_min_engagement"]:
        return "no account MQLs"
    each = figure(row.number("account_contact_min_engagement"))
    return (
        f"engagement of {figure(row.number('account_min_engagement'))} or more"
        f" together; at least {figure(row.number('account_min_contacts'))} people with {each} or"
        " more each"
    )


def routing(definition: Definition, names: Names) -> Section:
    """What the rep gets, and which rep."""
    blocks = [
        Paragraph(
            "Every MQL under the official definition is handed to one rep, with name,"
            " title, specialty, institution, phone, email, what was downloaded, visited"
            " and attended, the score split into fit and engagement, and any open"
            " opportunity of the account. One person is one conversation, and open MQLs"
            " of one account are followed up together, led by one rep."
        ),
        Paragraph(
            "The rep is the owner of the account. Where none is active, the matching"
            " rule with the lowest number decides whose rep is active; where none is, the"
            " lead waits in the queue unrouted, which raises an alert."
        ),
        Table(
            ["Territory", "Product line", "Specialty", "Rep, then stand-ins", "Rules"],
            routing_rows(definition.rules["routing_rules"], definition, names),
        ),
    ]
    return Section("routing", "Handing over and routing", blocks)


def routing_rows(
    rows: Sequence[Row], definition: Definition, names: Names
) -> list[list[str]]:
    """Routing rules in few rows: where the same reps serve several, these are one row.

    The reps for one territory, line and specialty come first; then specialties, then
    territories with the same reps are put together. "Any" stays on a row of its own.
    """
    in_order = sorted(rows, key=lambda row: row.number("priority") or 0)
    by_lead = grouped(
        in_order, lambda row: (row["territory"], row["product_line"], row["specialty"])
    )
    by_specialty: dict[tuple, list[Row]] = {}
    for (territory, line, specialty), group in by_lead.items():
        reps = tuple(row["rep_id"] for row in group)
        key = (territory, line, reps, specialty == ALL_LINES)
        by_specialty.setdefault(key, []).extend(group)
    by_territory: dict[tuple, list[Row]] = {}
    for (territory, line, reps, _), group in by_specialty.items():
        specialties = tuple(distinct(row["specialty"] for row in group))
        key = (line, reps, specialties, territory == ALL_LINES)
        by_territory.setdefault(key, []).extend(group)
    return [
        [
            marked(each("territory", group, names), group),
            sentence(names.lines([line], product_lines(definition))),
            each("specialty", group, names),
            ", then ".join(reps),
            numbers(row.number("priority") for row in group),
        ]
        for (line, reps, _, _), group in by_territory.items()
    ]


def each(column: str, rows: Sequence[Row], names: Names) -> str:
    """The names in a column, each once."""
    return sentence(
        ", ".join(distinct(names.name(column, row[column]) for row in rows))
    )


def follow_up(definition: Definition) -> Section:
    """How fast sales answers."""
    when = {
        "high": "A direct request triggered it, or came before the first response",
        "standard": "Every other MQL",
    }
    days = definition.row.number("handoff_open_days")
    expiry = "stays open" if days is None else f"expires after {counted(days, 'day')}"
    blocks = [
        Table(
            ["Priority", "When", "First response within"],
            [
                [
                    marked(sentence(plain(row["priority"])), [row]),
                    when.get(row["priority"], NOT_ASKED),
                    counted(row.number("hours"), "hour"),
                ]
                for row in definition.rules["sla_policies"]
            ],
        ),
        Paragraph(
            "The clock starts when the data that made the MQL has arrived, and stops at"
            " the rep's first entry: contacted, accepted or rejected. A lead that cools"
            " down meanwhile stays with the rep and is marked as lapsed. A direct request"
            " that makes no MQL still gets an answer, as fast as one of high priority."
        ),
        Paragraph(marked(f"A lead nobody answers {expiry}.", [definition.row])),
    ]
    return Section("follow-up", "Follow-up: how fast sales answers", blocks)


def answers(definition: Definition) -> Section:
    """Accepting and rejecting, and what each answer keeps from happening."""
    row = definition.row
    accepted = counted(row.number("accepted_hold_days"), "day")
    closed = counted(row.number("closed_opportunity_hold_days"), "day")
    fresh = counted(row.number("requalify_points"), "point")
    blocks = [
        Bullets(
            [
                (
                    "The rep accepts the lead, which makes it a sales qualified lead,"
                    " or rejects it with one reason of this list, which returns it to"
                    " marketing."
                ),
                marked(
                    f"Accepted: the person is not handed over again for {accepted}.",
                    [row],
                ),
                marked(
                    "Opportunity: nobody is handed over while the person has one open"
                    f" for the line, nor for {closed} after it closed, unless they send"
                    " a direct request after the close.",
                    [row],
                ),
                marked(
                    "Fresh interest: after any answer or close, a new MQL takes at"
                    f" least {fresh} earned since, also after a direct request.",
                    [row],
                ),
            ]
        ),
        Table(
            ["Reason", "Code", "The person is held"],
            [
                [
                    marked(reason["label"], [reason]),
                    reason["reason_code"],
                    hold_words(reason),
                ]
                for reason in definition.rules["rejection_reasons"]
            ],
        ),
        Paragraph(
            "Held means: not handed over again for the line the answer was about. The"
            " profile changes with another specialty, role, title or account of the"
            " person, or another facility type or bed count of the account; nothing"
            " else lifts such a hold, a request included."
        ),
    ]
    return Section("answers", "Accepting and rejecting", blocks)


def hold_words(reason: Row) -> str:
    if reason.flag("until_profile_change"):
        return "Until the profile changes"
    days = counted(reason.number("hold_days"), "day")
    return f"For {days}, or until a direct request"


def review(definition: Definition, names: Names) -> Section:
    """Who looks at what, how often, and what raises an alert."""
    reasons = {
        row["reason_code"]: row["label"]
        for row in definition.rules["rejection_reasons"]
    }
    credited = definition.row.number("opportunity_link_days")
    touched = definition.row.number("touch_days")
    within = "after" if credited is None else f"within {counted(credited, 'day')} after"
    before = "before" if touched is None else f"in the {counted(touched, 'day')} before"
    blocks = [
        Paragraph(
            "The definition is an educated guess until conversion data has corrected"
            " it. Its next full review is due on"
            f" {moment(definition.row.time('review_due_on'), 'a day to be set')}."
        ),
        Paragraph(
            marked(
                f"An opportunity opened {within} an MQL is credited to the latest one of"
                " the person, or else of the account. What a person did"
                f" {before} the MQL tells what brought it about.",
                [definition.row],
            )
        ),
        Table(
            ["Review", "How often", "Who takes part", "What is looked at"],
            [
                [
                    marked(names.label(row), [row]),
                    sentence(how_often(row.number("every_months"))),
                    sentence(row["participants"]),
                    sentence(row["agenda"]),
                ]
                for row in definition.rules["review_cadence"]
            ],
        ),
        Heading("Alerts of the monthly review"),
        Table(
            ["Alert", "Raised when", "From", "Then"],
            [
                [
                    marked(names.label(row), [row]),
                    sentence(alert_words(row, reasons)),
                    counted(row.number("minimum_count"), "case"),
                    row["remedy"],
                ]
                for row in definition.rules["review_alerts"]
            ],
        ),
    ]
    return Section("review", "Review", blocks)


def how_often(months: Decimal | None) -> str:
    return "every month" if months == 1 else f"every {figure(months)} months"


def alert_words(row: Row, reasons: dict[str, str]) -> str:
    """ "share of leads rejected for "No budget" at least 20%"."""
    metric = row["metric"]
    limit = row.number("limit")
    reason = row["reason_code"]
    cause = f" for \u201c{reasons.get(reason, plain(reason))}\u201d" if reason else ""
    return (
        f"{METRICS.get(metric, plain(metric))}{cause} is"
        f" {COMPARISONS.get(row['comparison'], plain(row['comparison']))}"
        f" {percent(limit) if metric.endswith(SHARES) else figure(limit)}"
    )
