"""Section 10 of scoring-rules.md in plain Python: hand-over, clocks, answers.

The second, independent reading of section 10 as docs/decisions/0006-hand-over.md
spells it out; the page beside this file explains every function. Shapes and units are
those of `reference`, whose marts this one starts from:

    marts = reference.build(raw, seeds, as_of)
    marts |= reference_handoffs.build(raw, seeds, as_of, marts)

A hand-over is walked in time order, as sales lives through it: its MQLs join one by
one, it closes at the first thing that closes it, a request escalates it once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reference import (
    ACCEPTED,
    ALL_LINES,
    GENERAL,
    Activity,
    Disposition,
    Facts,
    Mart,
    Opportunity,
    Person,
    Raw,
    RawRow,
    Rules,
    ScoredActivity,
    Seeds,
    Standing,
    boolean,
    byte_order,
    days,
    in_capitals,
    matched_text,
    number,
    section_3_counts_for,
    section_11_intake,
    t2_facts,
    text,
    v1_definitions,
    v3_is_open_at,
)

HIGH = "high"
STANDARD = "standard"
CONTACTED = "contacted"
OUTCOMES = {CONTACTED, "accepted", "rejected"}
UNSPECIFIED = "unspecified"


# --------------------------------------------------------------------------------
# Who sells, and under which rules
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoutingRule:
    """A row of `routing_rules`; `*` is any."""

    territory: str
    product_line: str
    specialty: str
    rep_id: str

    def matches(
        self, territory: str | None, product_line: str, specialty: str | None
    ) -> bool:
        """H3: whether all three match; what is unknown matches only `*`."""
        return all(
            asked == ALL_LINES
            or (found is not None and matched_text(asked) == matched_text(found))
            for asked, found in (
                (self.territory, territory),
                (self.product_line, product_line),
                (self.specialty, specialty),
            )
        )


class SalesRules:
    """What one definition says of hand-overs."""

    def __init__(self, rules: Rules, seeds: Seeds) -> None:
        def own(seed: str) -> list[dict[str, str]]:
            return [
                row
                for row in seeds.get(seed, [])
                if row["definition_id"] == rules.definition_id
            ]

        self.rules = rules
        (definition,) = own("definitions")
        self.open_for = days(definition.get("handoff_open_days"))
        self.due_in = {
            row["priority"]: timedelta(hours=number(row["hours"]))
            for row in own("sla_policies")
        }
        self.routing = [
            RoutingRule(
                row["territory"], row["product_line"], row["specialty"], row["rep_id"]
            )
            for row in sorted(
                own("routing_rules"), key=lambda row: int(row["priority"])
            )
        ]
        self.reasons = {row["reason_code"] for row in own("rejection_reasons")}

    def h4_reason(self, disposition: Disposition) -> str | None:
        """H4: the reason a rejection counts as; None where it is no rejection."""
        if disposition.outcome != "rejected":
            return None
        code = disposition.reason_code
        if code not in self.reasons - {UNSPECIFIED}:
            return UNSPECIFIED
        if code == "other" and disposition.reason_text is None:
            return UNSPECIFIED
        return code


@dataclass(frozen=True)
class Rep:
    """The latest state of a rep."""

    rep_name: str | None
    rep_email: str | None
    is_active: bool


class Team:
    """All reps, by id, as they are at `as_of`."""

    def __init__(self, rows: Iterable[RawRow]) -> None:
        self.reps = {
            row.cells["rep_id"]: Rep(
                text(row.cells.get("rep_name")),
                text(row.cells.get("rep_email")),
                boolean(row.cells.get("is_active")),
            )
            for row in rows
            if row.status == ACCEPTED
        }

    def is_active(self, rep_id: str | None) -> bool:
        """H3: active where the latest state says so; an unknown rep is not."""
        return rep_id in self.reps and self.reps[rep_id].is_active

    def h3_route(
        self,
        sales: SalesRules,
        owner_rep_id: str | None,
        territory: str | None,
        product_line: str,
        specialty: str | None,
    ) -> tuple[str | None, str]:
        """H3: (rep, routed_by): the owner, the first rule with an active rep, or none.

        What has no specialty, such as an account, matches only rules that name none.
        """
        if self.is_active(owner_rep_id):
            return owner_rep_id, "account_owner"
        for rule in sales.routing:
            if self.is_active(rule.rep_id) and rule.matches(
                territory, product_line, specialty
            ):
                return rule.rep_id, "rule"
        return None, "unrouted"


# --------------------------------------------------------------------------------
# What is handed over
# --------------------------------------------------------------------------------


@dataclass
class HandedOver:
    """One MQL that was handed over, a contact's or an account's, with its answers.

    request: the direct request that handed it over (H6); None where the award did.
    known_at: when the warehouse could know of it, see `h2_known_at`.
    profile: facility type, beds and place at `mql_at` as marts show them (M5).
    """

    sales: SalesRules
    mql: dict[str, Any]
    handed_over_at: datetime
    request: Activity | None
    account_id: str | None
    known_at: datetime
    territory: str | None
    owner_rep_id: str | None
    profile: dict[str, Any]
    standing: Standing | None = None
    answers: list[Disposition] = field(default_factory=list)

    @property
    def is_account(self) -> bool:
        """Whether an account was handed over, not a person."""
        return self.standing is None

    @property
    def is_by_request(self) -> bool:
        """H2, H6: whether a direct request triggered it or handed it over."""
        is_trigger = self.mql.get("trigger_type") == "direct_request"
        return is_trigger or self.request is not None


def direct_requests(rules: Rules, scored: list[ScoredActivity]) -> list[ScoredActivity]:
    """H6: a person's direct requests that count for any line, in A7 order.

    Not machine-made, of a type that is a direct request for a line it counts for.
    """
    return [
        one
        for one in scored
        if not one.is_machine
        and any(
            section_3_counts_for(line, one)
            and rules.v5_points(line, one.activity_type).is_direct_request
            for line in rules.lines
        )
    ]


def first_known(requests: list[ScoredActivity]) -> Activity | None:
    """H2, H6: the first of some direct requests in A7 order.

    Of several at one instant that which reached the warehouse first, since the clock
    starts when the warehouse could know; then A7.
    """
    if not requests:
        return None
    tied = [one.activity for one in requests if one.at == requests[0].at]
    return min(tied, key=lambda one: one.loaded_at)


def h6_request_that_hands_over(
    standing: Standing, mql: dict[str, Any], official: Mart
) -> Activity | None:
    """H6: the direct request that hands over an MQL that is not official.

    The first (A7) counting for the line, not before `mql_at`, at which the contact
    qualifies under the MQL's definition, which then is in force, while no official
    MQL of the contact and line (`official`) is open.
    """
    return first_known(
        [
            one
            for one in standing.activities
            if standing.is_direct_request(one)
            and v3_is_open_at(mql, one.at)
            and standing.rules.v2_is_official_at(one.at)
            and standing.q(one.at)
            and not any(v3_is_open_at(other, one.at) for other in official)
        ]
    )


def h2_known_at(standing: Standing, trigger: Activity | None, t: datetime) -> datetime:
    """H2: when the warehouse could know what was handed over at `t`.

    The latest of `t` and the `loaded_at` of the trigger and of the contact's and the
    account's version at `t`.
    """
    person = standing.person
    known = [t, person.versions.at(t).loaded_at]
    accounts = person.account_versions(t)
    if accounts is not None:
        known.append(accounts.at(t).loaded_at)
    if trigger is not None:
        known.append(trigger.loaded_at)
    return max(known)


def handed_over_mqls(
    standing: Standing, sales: SalesRules, mqls: Mart, official: Mart
) -> list[HandedOver]:
    """Section 10: what of a standing's MQLs is handed over, and when.

    The official ones at `mql_at`, others at the request that hands them over.
    """
    person = standing.person
    by_id = {one.activity.activity_id: one.activity for one in person.scored}
    found = []
    for mql in mqls:
        request = None
        if mql["is_official"]:
            at, trigger = mql["mql_at"], by_id.get(mql["trigger_activity_id"])
        else:
            request = trigger = h6_request_that_hands_over(standing, mql, official)
            if request is None:
                continue
            at = request.occurred_at
        accounts = person.account_versions(at)
        profile = person.profile(mql["mql_at"])
        found.append(
            HandedOver(
                sales=sales,
                mql=mql,
                handed_over_at=at,
                request=request,
                account_id=person.account_id(at),
                known_at=h2_known_at(standing, trigger, at),
                territory=standing.rules.f4_territory(profile.country, profile.state),
                owner_rep_id=accounts.at(at).owner_rep_id if accounts else None,
                profile=mql,
                standing=standing,
            )
        )
    return found


def handed_over_account_mql(
    facts: Facts, sales: SalesRules, mql: dict[str, Any]
) -> HandedOver:
    """Section 10: an account MQL, handed over at its `mql_at` to the owner."""
    at = mql["mql_at"]
    version = facts.accounts[mql["account_id"]].at(at)
    return HandedOver(
        sales=sales,
        mql=mql,
        handed_over_at=at,
        request=None,
        account_id=mql["account_id"],
        known_at=max(at, version.loaded_at),
        territory=sales.rules.f4_territory(version.country, version.state),
        owner_rep_id=version.owner_rep_id,
        profile={
            "facility_type": sales.rules.vocabulary.f3_facility_type(
                version.facility_type
            ),
            "bed_count": version.bed_count,
            "state": in_capitals(version.state),
            "country": in_capitals(version.country),
        },
    )


def h5_give_answers(mqls: list[HandedOver], dispositions: list[Disposition]) -> None:
    """H5: give each answer to the MQLs, of one contact or account, it belongs to.

    Of each line it is for (its own, or all where it names none), that with the latest
    `handed_over_at` not after it.
    """
    for one in dispositions:
        if one.outcome not in OUTCOMES:
            continue
        lines = {mql.mql["product_line"] for mql in mqls}
        if one.product_line is not None:
            lines &= {one.product_line}
        for line in lines:
            before = [
                mql
                for mql in mqls
                if mql.mql["product_line"] == line
                and mql.handed_over_at <= one.disposed_at
            ]
            if before:
                latest = max(before, key=lambda mql: mql.handed_over_at)
                latest.answers.append(one)


def suppressed_after(standing: Standing, t: datetime) -> datetime | None:
    """H2: the first suppression that starts after a moment at which there is none."""
    return next(
        (
            at
            for at, _ in standing.suppressions
            if at > t and standing.is_suppressed(at)
        ),
        None,
    )


# --------------------------------------------------------------------------------
# Hand-overs
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """H2: a clock of a hand-over."""

    priority: str
    started_at: datetime
    due_at: datetime


def sla_status(
    due_at: datetime,
    answered_at: datetime | None,
    withdrawn_at: datetime | None,
    is_expired: bool,
    as_of: datetime,
) -> str | None:
    """H2: what became of a clock by `as_of`; nobody is to blame for a withdrawal."""
    if answered_at is not None:
        return "met" if answered_at <= due_at else "breached"
    if withdrawn_at is not None:
        return "breached" if withdrawn_at > due_at else None
    if is_expired:
        return "breached"
    return "open" if as_of <= due_at else "overdue"


class HandOver:
    """One conversation: the MQLs that are one hand-over, the primary first."""

    def __init__(self, primary: HandedOver, as_of: datetime) -> None:
        self.as_of = as_of
        self.mqls = [primary]
        self.next_began_at: datetime | None = None

    @property
    def primary(self) -> HandedOver:
        """H1: the MQL that opened it."""
        return self.mqls[0]

    @property
    def began_at(self) -> datetime:
        """When it was handed over."""
        return self.primary.handed_over_at

    @property
    def answers(self) -> list[tuple[Disposition, HandedOver]]:
        """H5: the answers to any of its MQLs, ties by `disposition_id`."""
        return sorted(
            ((answer, mql) for mql in self.mqls for answer in mql.answers),
            key=lambda pair: (pair[0].disposed_at, byte_order(pair[0].disposition_id)),
        )

    def first_answered_at(self, outcomes: set[str] = OUTCOMES) -> datetime | None:
        """The time of the first answer with one of these outcomes."""
        return min(
            (one.disposed_at for one, _ in self.answers if one.outcome in outcomes),
            default=None,
        )

    # Open

    @property
    def suppressed_at(self) -> datetime | None:
        """H2: the first suppression that starts after the hand-over.

        Under the definition and line of the primary; an account is never suppressed.
        At the hand-over itself the contact is not, since it qualifies.
        """
        standing = self.primary.standing
        return standing and suppressed_after(standing, self.began_at)

    @property
    def expires_at(self) -> datetime | None:
        """H2: `handoff_open_days` after the first clock started; None = never."""
        open_for = self.primary.sales.open_for
        return None if open_for is None else self.primary.known_at + open_for

    @property
    def closes_at(self) -> datetime | None:
        """H2: the end of "open", as far as it is known, even if after `as_of`."""
        ends = (self.first_answered_at(), self.suppressed_at, self.expires_at)
        return min((end for end in ends if end is not None), default=None)

    def is_open(self, t: datetime) -> bool:
        """H2: open at `t`; at the very instant that closes it, no longer."""
        return self.began_at <= t and (self.closes_at is None or t < self.closes_at)

    # Clocks

    @property
    def first_clock(self) -> Clock:
        """H2: from when the warehouse could know, by the priority at the start.

        High where a direct request triggered the primary or an MQL of the same
        instant.
        """
        is_high = any(
            one.is_by_request
            for one in self.mqls
            if one.handed_over_at == self.began_at
        )
        return self.clock(HIGH if is_high else STANDARD, self.primary.known_at)

    @property
    def escalated_by(self) -> Activity | None:
        """H6: the direct request that escalates it.

        The first, counting for any line, strictly after the hand-over and while it is
        open; what is high from the start is not escalated.
        """
        standing = self.primary.standing
        if standing is None or self.first_clock.priority == HIGH:
            return None
        return first_known(
            [
                one
                for one in direct_requests(standing.rules, standing.person.scored)
                if self.began_at < one.at and self.is_open(one.at)
            ]
        )

    @property
    def counting_clock(self) -> Clock:
        """H2, H6: the clock of the escalation where there is one, else the first."""
        request, first = self.escalated_by, self.first_clock
        if request is None:
            return first
        started_at = max(request.occurred_at, request.loaded_at, first.started_at)
        return self.clock(HIGH, started_at)

    def clock(self, priority: str, started_at: datetime) -> Clock:
        """A clock of a priority under the primary's definition."""
        due_at = started_at + self.primary.sales.due_in[priority]
        return Clock(priority, started_at, due_at)

    def sla_status(self, clock: Clock) -> str | None:
        """H2: what became of one of its clocks by `as_of`."""
        answered_at, withdrawn_at = self.first_answered_at(), self.suppressed_at
        is_expired = self.status == "expired"
        return sla_status(
            clock.due_at, answered_at, withdrawn_at, is_expired, self.as_of
        )

    # What sales said

    @property
    def decision(self) -> tuple[Disposition, HandedOver] | None:
        """The accepted or rejected answer that counts.

        The latest before the contact's next hand-over began, or failing that the
        first one after; at one instant the highest `disposition_id` (Q6).
        """
        decisions = [pair for pair in self.answers if pair[0].outcome != CONTACTED]
        began = self.next_began_at
        in_time = [
            pair for pair in decisions if began is None or pair[0].disposed_at < began
        ]
        if in_time:
            return in_time[-1]
        first = [
            pair
            for pair in decisions
            if pair[0].disposed_at == decisions[0][0].disposed_at
        ]
        return first[-1] if first else None

    @property
    def status(self) -> str:
        """Section 10: the first that applies."""
        if self.decision is not None:
            return self.decision[0].outcome
        if self.suppressed_at is not None:
            return "withdrawn"
        if self.answers:
            return CONTACTED
        if self.expires_at is not None and self.expires_at <= self.as_of:
            return "expired"
        return "open"

    @property
    def is_in_work(self) -> bool:
        """H3: whether sales still works on it."""
        return self.status in {"open", CONTACTED}

    @property
    def rejection(self) -> tuple[str | None, str | None]:
        """H4: (reason, text) of the answer that decides, where that is a rejection."""
        if self.status != "rejected":
            return None, None
        answer, mql = self.decision
        return mql.sales.h4_reason(answer), answer.reason_text

    # Who follows up

    def h3_rep(self, team: Team) -> tuple[str | None, str]:
        """H3: (rep, routed_by) of the primary, whose rep is the hand-over's."""
        primary = self.primary
        return team.h3_route(
            primary.sales,
            primary.owner_rep_id,
            primary.territory,
            primary.mql["product_line"],
            primary.mql.get("specialty"),
        )


def h1_hand_overs(mqls: list[HandedOver], as_of: datetime) -> list[HandOver]:
    """H1: one contact's hand-overs, its handed-over MQLs walked in order.

    Each joins the latest hand-over if that is open at that instant, else opens the
    next.
    """
    hand_overs: list[HandOver] = []
    for one in sorted(
        mqls,
        key=lambda mql: (mql.handed_over_at, byte_order(mql.mql["product_line"])),
    ):
        if hand_overs and hand_overs[-1].is_open(one.handed_over_at):
            hand_overs[-1].mqls.append(one)
            continue
        if hand_overs:
            hand_overs[-1].next_began_at = one.handed_over_at
        hand_overs.append(HandOver(one, as_of))
    return hand_overs


def is_in_hand(mql: dict[str, Any], hand_overs: list[HandOver]) -> bool:
    """Whether an account MQL is in hand at its `mql_at` already.

    That is: some contact's hand-over is open that holds an MQL of the same account
    and line, handed over by then.
    """
    t = mql["mql_at"]
    return any(
        one.is_open(t)
        and any(
            member.account_id == mql["account_id"]
            and member.mql["product_line"] == mql["product_line"]
            and member.handed_over_at <= t
            for member in one.mqls
        )
        for one in hand_overs
    )


# --------------------------------------------------------------------------------
# The marts
# --------------------------------------------------------------------------------


def follow_up_group(hand_over: HandOver, mql: HandedOver) -> str | None:
    """H3: the account of an MQL whose hand-over sales still works on."""
    return mql.account_id if hand_over.is_in_work else None


def h3_leads(
    facts: Facts, hand_overs: list[HandOver], team: Team
) -> dict[str, str | None]:
    """H3: the lead rep of every follow-up group.

    The account's owner now, where active, else the rep of the earliest hand-over of
    the group that has one (ties by line, then contact).
    """
    groups: dict[str, list[HandOver]] = defaultdict(list)
    for hand_over in hand_overs:
        for mql in hand_over.mqls:
            group = follow_up_group(hand_over, mql)
            if group is not None:
                groups[group].append(hand_over)

    def order(hand_over: HandOver) -> tuple:
        mql = hand_over.primary.mql
        return (
            hand_over.began_at,
            byte_order(mql["product_line"]),
            byte_order(mql.get("contact_id")),
        )

    leads = {}
    for account_id, members in groups.items():
        accounts = facts.accounts.get(account_id)
        owner = accounts.at(facts.as_of).owner_rep_id if accounts else None
        reps = [one.h3_rep(team)[0] for one in sorted(members, key=order)]
        named = [rep for rep in reps if rep is not None]
        leads[account_id] = owner if team.is_active(owner) else next(iter(named), None)
    return leads


def hand_over_rows(
    facts: Facts, hand_over: HandOver, team: Team, leads: dict[str, str | None]
) -> Mart:
    """tables.md: fct_mql_handoffs of one hand-over, a row per MQL.

    `primary_key` stands for `handoff_id`, which is a hash of it.
    """
    primary, as_of = hand_over.primary, hand_over.as_of
    rep_id, routed_by = hand_over.h3_rep(team)
    first, clock = hand_over.first_clock, hand_over.counting_clock
    request, closes_at = hand_over.escalated_by, hand_over.closes_at
    rejection_reason, rejection_text = hand_over.rejection
    rep = team.reps.get(rep_id)
    rows = []
    for one in hand_over.mqls:
        mql = one.mql
        contact = facts.contacts[mql["contact_id"]].all[-1] if one.standing else None
        accounts = facts.accounts.get(one.account_id or "")
        deals = open_opportunities(facts, one.account_id)
        deal = deals[-1] if deals else None
        group = follow_up_group(hand_over, one)
        # without an account it is no group, and its own rep leads
        lead = leads[group] if group else rep_id if hand_over.is_in_work else None
        rows.append(
            {
                "primary_key": mql_key(primary),
                "handoff_type": "account" if one.is_account else "contact",
                "is_primary": one is primary,
                "is_official": mql["is_official"],
                "definition_id": mql["definition_id"],
                "contact_id": mql.get("contact_id"),
                "account_id": one.account_id,
                "product_line": mql["product_line"],
                "mql_at": mql["mql_at"],
                "handed_over_at": one.handed_over_at,
                "trigger_type": mql.get("trigger_type", "account_engagement"),
                "trigger_activity_id": mql.get("trigger_activity_id"),
                "first_name": contact and contact.first_name,
                "last_name": contact and contact.last_name,
                "job_title": contact and contact.job_title,
                "email": contact and contact.email,
                "phone": contact and contact.phone,
                "specialty": mql.get("specialty"),
                "role": mql.get("role"),
                "role_class": mql.get("role_class"),
                "account_name": accounts and accounts.all[-1].account_name,
                "facility_type": one.profile["facility_type"],
                "bed_count": one.profile["bed_count"],
                "state": one.profile["state"],
                "country": one.profile["country"],
                "territory": primary.territory,
                "open_opportunities": len(deals),
                "open_opportunity_id": deal and deal.opportunity_id,
                "open_opportunity_stage": deal and deal.stage,
                "open_opportunity_owner_rep_id": accounts.all[-1].owner_rep_id
                if deal and accounts
                else None,
                "engaged_contacts": mql.get("engaged_contacts"),
                "fit_score": mql.get("fit_score"),
                "engagement_score": mql["engagement_score"],
                "total_score": mql.get("total_score", mql["engagement_score"]),
                "rep_id": rep_id,
                "rep_name": rep and rep.rep_name,
                "rep_email": rep and rep.rep_email,
                "routed_by": routed_by,
                "lead_rep_id": lead,
                "priority": clock.priority,
                "sla_started_at": clock.started_at,
                "sla_due_at": clock.due_at,
                "sla_status": hand_over.sla_status(clock),
                "first_started_at": first.started_at,
                "first_due_at": first.due_at,
                "first_sla_status": hand_over.sla_status(first),
                "escalated_at": request.occurred_at if request else None,
                "first_response_at": hand_over.first_answered_at(),
                "accepted_at": hand_over.first_answered_at({"accepted"}),
                "rejected_at": hand_over.first_answered_at({"rejected"}),
                "answers": len(
                    {answer.disposition_id for answer, _ in hand_over.answers}
                ),
                "rejection_reason": rejection_reason,
                "rejection_text": rejection_text,
                "withdrawn_at": hand_over.suppressed_at
                if hand_over.status == "withdrawn"
                else None,
                "expires_at": hand_over.expires_at,
                "closed_at": closes_at if closes_at and closes_at <= as_of else None,
                "follow_up_group": group,
                "status": hand_over.status,
                "is_lapsed": mql["end_reason"] == "lapsed",
            }
        )
    return rows


def open_opportunities(facts: Facts, account_id: str | None) -> list[Opportunity]:
    """H1: the opportunities open at the account at `as_of`, the latest last."""
    return sorted(
        (
            one
            for one in facts.account_opportunities.get(account_id or "", [])
            if one.is_open(facts.as_of)
        ),
        key=lambda one: (one.created_at, byte_order(one.opportunity_id)),
    )


def mql_key(one: HandedOver) -> tuple:
    """What identifies an MQL: definition, contact or account, line and time."""
    mql = one.mql
    who = mql["account_id"] if one.is_account else mql["contact_id"]
    return mql["definition_id"], who, mql["product_line"], mql["mql_at"]


def answer_rows(hand_over: HandOver) -> Mart:
    """H5: int_mql_answers of one hand-over, a row per answer and MQL."""
    return [
        {
            "disposition_id": answer.disposition_id,
            "definition_id": mql.mql["definition_id"],
            "primary_key": mql_key(hand_over.primary),
            "contact_id": mql.mql.get("contact_id"),
            "account_id": mql.account_id if mql.is_account else None,
            "product_line": mql.mql["product_line"],
            "mql_at": mql.mql["mql_at"],
            "rep_id": answer.rep_id,
            "outcome": answer.outcome,
            "reason_code": mql.sales.h4_reason(answer),
            "disposed_at": answer.disposed_at,
        }
        for answer, mql in hand_over.answers
    ]


def handled_by(
    activity: Activity, hand_overs: list[HandOver]
) -> tuple[str, HandOver | None]:
    """What became of a direct request of the contact of these hand-overs, and where.

    The first that applies: it handed over an MQL (`mql`), escalated a hand-over, met
    one that was open, or one that sales talks about already (`conversation`: the
    latest hand-over at or before it, younger than `handoff_open_days`, whose latest
    answer by then is contacted or accepted); else it asks for a courtesy response.
    """
    t = activity.occurred_at
    begun = [one for one in hand_overs if one.began_at <= t]
    # the latest: of two that began at one instant the first was closed at it, too
    for one in reversed(begun):
        if any(mql.handed_over_at == t and mql.is_by_request for mql in one.mqls):
            return "mql", one
    for one in begun:
        if one.escalated_by == activity:
            return "escalation", one
    for one in begun:
        if one.is_open(t):
            return "open_handoff", one
    if begun:
        latest = begun[-1]
        open_for = latest.primary.sales.open_for
        said = [one for one, _ in latest.answers if one.disposed_at <= t]
        if (
            said
            and said[-1].outcome in {CONTACTED, "accepted"}
            and (open_for is None or t < latest.began_at + open_for)
        ):
            return "conversation", latest
    return "courtesy", None


def line_asked_about(rules: Rules, one: ScoredActivity) -> str:
    """The one line beside `general` that a direct request counts for, else that."""
    lines = [
        line
        for line in rules.lines
        if line != GENERAL
        and section_3_counts_for(line, one)
        and rules.v5_points(line, one.activity_type).is_direct_request
    ]
    return lines[0] if len(lines) == 1 else GENERAL


def direct_request_rows(
    person: Person, sales: SalesRules, hand_overs: list[HandOver], team: Team
) -> Mart:
    """fct_direct_requests of one contact, of the time a definition is in force."""
    rows = []
    for one in direct_requests(person.rules, person.scored):
        t = one.at
        if not person.rules.v2_is_official_at(t):
            continue
        handling, hand_over = handled_by(one.activity, hand_overs)
        is_courtesy = handling == "courtesy"
        line, profile = line_asked_about(person.rules, one), person.profile(t)
        territory = person.rules.f4_territory(profile.country, profile.state)
        owner = profile.account.owner_rep_id if profile.account else None
        rep_id, routed_by = team.h3_route(
            sales, owner, territory, line, profile.specialty
        )
        row = {
            "activity_id": one.activity.activity_id,
            "definition_id": person.rules.definition_id,
            "contact_id": person.contact_id,
            "account_id": profile.version.account_id,
            "primary_key": hand_over and mql_key(hand_over.primary),
            "product_line": line,
            "activity_type": one.activity_type,
            "asset_name": one.activity.asset_name,
            "occurred_at": t,
            "handled_by": handling,
            "territory": territory,
            "rep_id": rep_id,
            "routed_by": routed_by,
        }
        courtesy = courtesy_cells(Standing(person, line), sales, one.activity)
        is_courtesy = handling == "courtesy"
        rows.append(row | (courtesy if is_courtesy else dict.fromkeys(courtesy)))
    return rows


def courtesy_cells(
    standing: Standing, sales: SalesRules, activity: Activity
) -> dict[str, Any]:
    """The courtesy response a direct request asks for, and what became of it.

    Due in the hours of priority `high`, from when the warehouse could know; answered
    by any answer of sales to the contact since, else withdrawn, else expired as a
    hand-over is.
    """
    t, facts = activity.occurred_at, standing.person.facts
    known_at = max(t, activity.loaded_at)
    due_at = known_at + sales.due_in[HIGH]
    answered_at = min(
        (
            one.disposed_at
            for one in facts.dispositions.get(activity.contact_id, [])
            if one.outcome in OUTCOMES and one.disposed_at >= t
        ),
        default=None,
    )
    # who says stop at the very instant of the request said so after it (A7)
    withdrawn_at = t if standing.is_suppressed(t) else suppressed_after(standing, t)
    is_expired = sales.open_for is not None and known_at + sales.open_for <= facts.as_of
    status = "expired" if is_expired else "open"
    if withdrawn_at is not None:
        status = "withdrawn"
    if answered_at is not None:
        status = "answered"
    return {
        "failing_gate": standing.failing_gate(t),
        "courtesy_status": status,
        "courtesy_sla_status": sla_status(
            due_at, answered_at, withdrawn_at, is_expired, facts.as_of
        ),
        "courtesy_due_at": due_at,
        "courtesy_response_at": answered_at,
    }


def build(
    raw: Raw, seeds: Seeds, as_of: datetime, marts: dict[str, Mart]
) -> dict[str, Mart]:
    """The marts of section 10, as a run at `as_of` must give them.

    raw, seeds, as_of: as for `reference.build`. marts: what that gave of them.
    """
    seen = section_11_intake(raw, seeds, as_of)
    facts = t2_facts(seen, as_of)
    team = Team(seen["sales_reps"])
    sales_of = {
        rules.definition_id: SalesRules(rules, seeds)
        for rules in v1_definitions(seeds)
        if rules.effective_from is not None
    }

    requests: Mart = []
    contact_hand_overs: list[HandOver] = []
    mqls_of: dict[str, Mart] = defaultdict(list)
    for mql in marts["fct_mqls"]:
        if mql["definition_id"] in sales_of:
            mqls_of[mql["contact_id"]].append(mql)
    for contact_id in facts.contacts:
        handed_over = []
        people = {
            key: Person(facts, one.rules, contact_id) for key, one in sales_of.items()
        }
        for definition_id, sales in sales_of.items():
            for line in sales.rules.lines:
                official = [
                    mql
                    for mql in mqls_of[contact_id]
                    if mql["is_official"] and mql["product_line"] == line
                ]
                own = [
                    mql
                    for mql in mqls_of[contact_id]
                    if (mql["definition_id"], mql["product_line"])
                    == (definition_id, line)
                ]
                if own:
                    standing = Standing(people[definition_id], line)
                    handed_over += handed_over_mqls(standing, sales, own, official)
        h5_give_answers(handed_over, facts.dispositions.get(contact_id, []))
        hand_overs = h1_hand_overs(handed_over, as_of)
        contact_hand_overs += hand_overs
        for definition_id, sales in sales_of.items():
            requests += direct_request_rows(
                people[definition_id], sales, hand_overs, team
            )

    account_hand_overs: list[HandOver] = []
    account_mqls: dict[str, list[HandedOver]] = defaultdict(list)
    for mql in marts["fct_account_mqls"]:
        if mql["is_official"] and not is_in_hand(mql, contact_hand_overs):
            sales = sales_of[mql["definition_id"]]
            one = handed_over_account_mql(facts, sales, mql)
            account_mqls[one.account_id].append(one)
    for account_id, handed_over in account_mqls.items():
        h5_give_answers(handed_over, facts.account_dispositions.get(account_id, []))
        account_hand_overs += [HandOver(one, as_of) for one in handed_over]

    hand_overs = contact_hand_overs + account_hand_overs
    leads = h3_leads(facts, hand_overs, team)
    return {
        "fct_mql_handoffs": [
            row for one in hand_overs for row in hand_over_rows(facts, one, team, leads)
        ],
        "int_mql_answers": [row for one in hand_overs for row in answer_rows(one)],
        "fct_direct_requests": requests,
    }
