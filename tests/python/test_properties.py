"""What holds whatever the input, each test named as a claim.

A build takes seconds, so every claim is asked of the same few warehouses: Hypothesis
draws worlds (`MQL_EXAMPLES` of them), and one build holds a world three times, with
all its people and accounts. The copies differ from it in their ids, which begin with

    `more:`     and everybody in it has one more positive activity,
    `machine:`  and everybody in it has one more machine-made activity.

So a claim about one change compares people, and accounts, within one build. Draws are
the same on every run; a failing claim prints the world it fails on and the rows.
"""

from __future__ import annotations

import copy
import os
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as draws_of
from hypothesis import strategies as st

import differential
import reference
import warehouse
import worlds
from reference import Raw, Row, Seeds

# The default keeps `make test` quick; a nightly run sets dozens: MQL_EXAMPLES=50.
EXAMPLES = int(os.environ.get("MQL_EXAMPLES", "2"))
MORE = "more:"
MACHINE = "machine:"
# What the door lets in: a copy of such a row is a duplicate.
SOUND = {
    reference.ACCEPTED,
    reference.DUPLICATE,
    reference.ERASED,
    reference.UNKNOWN_CONTACT,
}
# Scores are rounded to 6 decimals, before and after they decay.
TOLERANCE = 3e-6
IDS = {
    "contact_id",
    "account_id",
    "parent_account_id",
    "activity_id",
    "trigger_activity_id",
    "disposition_id",
    "opportunity_id",
    "open_opportunity_id",
    "follow_up_group",
    "contract_id",
}
WHO = "definition_id, contact_id, product_line"
KEYS = {
    **differential.KEYS,
    "fct_contact_score_history": (*differential.WHO, "valid_from"),
    "fct_quarantined_records": ("source_table", "reason", "record_key"),
}
ACTIVITIES_SHOW = {
    "fct_score_ledger",
    "fct_contact_score_history",
    "fct_quarantined_records",
    "fct_reconciliation",
}
# Whose rows are those of a person or an account; the others count all of them, mostly
# by calendar month.
OF_SOMEBODY = {
    mart: schema
    for mart, schema in differential.SCHEMAS.items()
    if schema != "funnel" or mart in ("fct_mql_funnel", "fct_handoff_outcomes")
}
NAMED_BY_TIME = {
    "fct_mqls": ["mql_id"],
    "fct_account_mqls": ["account_mql_id"],
    "fct_mql_handoffs": ["handoff_id", "mql_id", "engagement_summary"],
    "fct_direct_requests": ["handoff_id"],
    "int_mql_answers": ["handoff_id", "mql_id"],
    "fct_mql_funnel": ["handoff_id", "mql_id"],
    # calendar months have different lengths
    "fct_handoff_outcomes": [
        "handoff_id",
        "mql_id",
        "month",
        "is_acceptance_mature",
        "is_outcome_mature",
    ],
    "fct_quarantined_records": ["raw_record"],
}


# --------------------------------------------------------------------------------
# Drawn worlds, and the warehouses built on them
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """What Hypothesis draws: a world, and by how many days it is shifted."""

    number: int
    contacts: int
    change_rules: bool
    shift_days: int


DRAWN = st.builds(
    Drawn,
    number=st.integers(0, 10**6),
    contacts=st.integers(40, 60),
    change_rules=st.booleans(),
    # the far one leads past 2052, where a half-life of 60 days starts counting anew
    shift_days=st.integers(-400, 400).filter(bool) | st.integers(9300, 9900),
)


def in_every_world(claim: Callable) -> Callable:
    """Asks a claim of every drawn world. All claims see the same draws.

    Nothing is shrunk, since each step would cost a build; the worlds are small and
    the failing rows name the people.
    """
    as_drawn = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    # so chosen that the first two worlds run under the rules as shipped and changed
    return draws_of(2041)(as_drawn(given(drawn=DRAWN)(claim)))


class Builds:
    """Worlds with their twins, each built once for all claims."""

    def __init__(self, folder: Path, seeds: Seeds) -> None:
        self.folder = folder
        self.seeds = seeds
        self.built: dict[tuple[Drawn, str], tuple[worlds.World, Path]] = {}

    def world(self, drawn: Drawn, change: str = "") -> tuple[worlds.World, Path]:
        """The drawn world with its twins and its warehouse; or the same world after a
        change, "shifted" in time or with its rows "shuffled" and some copied."""
        if (drawn, change) not in self.built:
            world = worlds.make_world(
                drawn.number,
                drawn.contacts,
                seeds=self.seeds,
                change_rules=drawn.change_rules,
            )
            add_twins(world, self.seeds)
            if change == "shifted":
                world = shifted_by(world, self.seeds, drawn.shift_days)
            elif change == "shuffled":
                world = shuffled_with_copies(world, self.seeds)
            self.built[drawn, change] = world, self.build(world)
        return self.built[drawn, change]

    def build(self, world: worlds.World) -> Path:
        """Builds a world in a folder of its own."""
        folder = self.folder / str(len(self.built))
        project = warehouse.project_with(world.seed_changes)
        worlds.write_world(world, folder / "raw")
        built = folder / "warehouse.duckdb"
        warehouse.build_models(folder / "raw", built, world.as_of, project)
        return built

    def rows(self, drawn: Drawn, query: str) -> list[dict]:
        """What a query gives on the drawn world."""
        return warehouse.rows(self.world(drawn)[1], FACTS + query)

    def none(self, drawn: Drawn, query: str) -> None:
        """Asserts that a query for what must not be finds nothing."""
        found = self.rows(drawn, query)
        assert not found, f"{len(found)} rows, such as\n" + "\n".join(
            str(row) for row in found[:3]
        )


@pytest.fixture(scope="module")
def builds(tmp_path_factory, seeds) -> Builds:
    """The warehouses all claims share."""
    return Builds(tmp_path_factory.mktemp("properties"), seeds)


def assert_same(mart: str, before: list[dict], after: list[dict]) -> None:
    """Asserts that a mart has the same rows, in any order, figures and times within
    their tolerance."""
    key = KEYS[mart]
    for rows in (before, after):
        rows.sort(key=lambda row: [str(row[name]) for name in (*key, *row)])
    assert len(before) == len(after), f"{mart}: {len(before)} and {len(after)} rows"
    for one, other in zip(before, after):
        assert all(
            differential.is_close(value, other[name]) for name, value in one.items()
        ), f"{mart}: {one}\nbecame {other}"


def add_twins(world: worlds.World, seeds: Seeds) -> None:
    """Adds every person's twins and what they do more than the person does."""
    rng = random.Random(world.seed)
    rules = world.with_seeds(seeds)
    lines = {row["product_line"] for row in rules["qualification_criteria"]}
    people = sorted({row["contact_id"] for row in world.raw["contacts"]})
    people = [contact_id for contact_id in people if contact_id.strip()]
    twins = {prefix: twin_rows(world.raw, prefix) for prefix in (MORE, MACHINE)}
    for number, contact_id in enumerate(people):
        theirs = [
            row for row in world.raw["activities"] if row["contact_id"] == contact_id
        ]
        for prefix, cells in (
            (MORE, positive_activity(rng, rules, theirs, world.as_of)),
            (MACHINE, machine_made_activity(rng, rules, theirs, world.as_of)),
        ):
            row = dict.fromkeys(reference.CONTRACT["activities"], "")
            row |= {
                # before or after all others of the instant
                "activity_id": f"{prefix}{rng.choice('!~')}{number}",
                "contact_id": prefix + contact_id,
                "loaded_at": cells["occurred_at"],
                "product_line": rng.choice(["", "", *sorted(lines - {"*"})]),
                **cells,
            }
            twins[prefix]["activities"].append(row)
    for copies in twins.values():
        for table, rows in copies.items():
            world.raw[table].extend(rows)


def twin_rows(raw: Raw, prefix: str) -> Raw:
    """All rows but those of reps under other ids, whose byte order is the same."""
    return {
        table: [
            {
                column: prefix + cell if column in IDS and cell.strip() else cell
                for column, cell in row.items()
            }
            for row in rows
        ]
        for table, rows in raw.items()
        if table != "sales_reps"
    }


def positive_activity(
    rng: random.Random, rules: Seeds, theirs: list[Row], as_of: datetime
) -> Row:
    """One that adds points in some line, with its own message and asset, of a type
    without a daily limit; at any boundary of what the person does."""
    types = {row["activity_type"] for row in rules["activity_types"]}
    for row in rules["activity_points"]:
        if float(row["points"]) < 0 or row["max_scored_per_day"]:
            types.discard(row["activity_type"])
    positive = {
        row["activity_type"]
        for row in rules["activity_points"]
        if float(row["points"]) > 0
    }
    return {
        "activity_type": rng.choice(sorted(types & positive)),
        "occurred_at": some_moment(
            rng, theirs, as_of, [0, 0, 0, -1, 5, *worlds.BOUNDARY_DAYS]
        ),
        "message_id": "own message",
        "asset_name": "own asset",
    }


def machine_made_activity(
    rng: random.Random, rules: Seeds, theirs: list[Row], as_of: datetime
) -> Row:
    """Any but a send, which makes others machine-made, and an unsubscribe, which
    suppresses; mostly just like one of the person's own, at about its time."""
    types = {row["activity_type"] for row in rules["activity_types"]} - {"email_send"}
    for row in rules["activity_points"]:
        if row["is_disqualifying"] == "true":
            types.discard(row["activity_type"])
    alike = [row for row in theirs if row["activity_type"] in types]
    if not alike or rng.random() < 0.2:
        alike, kind = theirs, rng.choice(sorted(types))
    else:
        alike = [rng.choice(alike)]
        kind = alike[0]["activity_type"]
    pattern = rng.choice(alike) if alike else {}
    columns = ("message_id", "asset_name", "topic", "page_url")
    return {
        "activity_type": kind,
        "occurred_at": some_moment(rng, alike, as_of, [0, 0, 0, -1, 30]),
        "is_machine": "true",
        **{column: pattern.get(column, "") for column in columns},
    }


def some_moment(
    rng: random.Random, alike: list[Row], as_of: datetime, days: Sequence[int]
) -> str:
    """So many days from one of some activities, give or take a microsecond."""
    moments = [reference.t1_timestamp(row["occurred_at"]) for row in alike]
    moments = [moment for moment in moments if moment is not None and moment < as_of]
    if not moments:
        return str(as_of - rng.randint(0, 400) * worlds.DAY)
    moment = rng.choice(moments) + rng.choice(days) * worlds.DAY
    return str(min(moment + rng.choice([-1, 0, 1]) * worlds.TICK, as_of))


def shifted_by(world: worlds.World, seeds: Seeds, days: int) -> worlds.World:
    """The same world, all its times, rule dates and `as_of` shifted together."""

    def shifted(row: Row) -> Row:
        return {
            column: shifted_cell(cell, days)
            if column.endswith(("_at", "_on", "_from"))
            else cell
            for column, cell in row.items()
        }

    changes = copy.deepcopy(world.seed_changes)
    definitions = world.with_seeds(seeds)["definitions"]
    changes["definitions"] = [shifted(row) for row in definitions]
    raw = {table: [shifted(row) for row in rows] for table, rows in world.raw.items()}
    return worlds.World(world.seed, world.as_of + days * worlds.DAY, raw, changes)


def shifted_cell(cell: str, days: int) -> str:
    """A time as text, its date moved, in the form it has; what is no time stays."""
    if reference.t1_timestamp(cell) is None:
        return cell
    date = datetime.fromisoformat(cell[:10]) + timedelta(days=days)
    return date.date().isoformat() + cell[10:]


def shuffled_with_copies(world: worlds.World, seeds: Seeds) -> worlds.World:
    """The same world, its rows in another order, some of the visible and sound ones
    there twice and one there three times."""
    rng = random.Random(world.seed)
    verdicts = reference.section_11_intake(
        world.raw, world.with_seeds(seeds), world.as_of
    )
    raw: Raw = {}
    for table, rows in world.raw.items():
        sound = [row.cells for row in verdicts[table] if row.status in SOUND]
        copies = rng.sample(sound, min(20, len(sound)))
        raw[table] = [dict(row) for row in [*rows, *copies, *copies[:1]]]
        rng.shuffle(raw[table])
    return worlds.World(world.seed, world.as_of, raw, world.seed_changes)


# --------------------------------------------------------------------------------
# What the claims compare the marts with: the accepted facts, read in the plainest way
# --------------------------------------------------------------------------------


def until(column: str) -> str:
    """The end of an interval, which may be open."""
    return f"coalesce({column}, timestamp 'infinity')"


def decayed(score: str, since: str, at: str) -> str:
    """A score later, under the half-life of the `rules` row, if it has one."""
    passed = f"(epoch_us({at}) - epoch_us({since}))"
    return (
        f"{score} * pow(0.5, coalesce("
        f"{passed} / (rules.half_life_days * 86400000000.0), 0.0))"
    )


FACTS = f"""
with rules as (

    select * from intermediate.int_product_lines

),

history as (

    select * from scoring.fct_contact_score_history

),

-- activities of a line; `general` has all of them
activities as (

    select * from scoring.fct_score_ledger
    where entry_type = 'activity'

),

requests as (

    select activities.*
    from activities
    inner join intermediate.int_activity_rules as points
        using (definition_id, product_line, activity_type)
    where points.is_direct_request and not activities.is_machine

),

consents as (

    select
        activities.definition_id,
        activities.contact_id,
        points.product_line,
        activities.entry_at,
        activities.activity_id,
        points.is_disqualifying
    from activities
    inner join intermediate.int_activity_rules as points
        using (definition_id, activity_type)
    where
        activities.product_line = 'general'
        and (
            points.is_disqualifying
            or (
                (points.is_opt_in or points.is_direct_request)
                and not activities.is_machine
            )
        )

),

-- from a refusal to the next consent or refusal (Q5)
suppressions as (

    select * from (
        select
            *,
            entry_at as started_at,
            lead(entry_at) over (
                partition by definition_id, contact_id, product_line
                order by entry_at, activity_id
            ) as ended_at
        from consents
    )
    where is_disqualifying and started_at < {until("ended_at")}

),

verdicts as (

    select
        rules.definition_id,
        rules.product_line,
        rules.accepted_hold_days,
        verdicts.contact_id,
        verdicts.outcome,
        verdicts.reason_code,
        verdicts.disposed_at,
        lead(verdicts.disposed_at) over (
            partition by
                rules.definition_id, rules.product_line, verdicts.contact_id
            order by verdicts.disposed_at, verdicts.disposition_id
        ) as next_disposed_at
    from intermediate.int_dispositions as verdicts
    inner join rules
        on
            verdicts.product_line is null
            or verdicts.product_line = rules.product_line
            or rules.product_line = 'general'
    where verdicts.outcome in ('accepted', 'rejected')

),

versions as (

    select contact_id, updated_at
    from intermediate.int_contacts_intake
    where verdict = 'accepted'

    union

    select contacts.contact_id, accounts.updated_at
    from intermediate.int_contacts_intake as contacts
    inner join intermediate.int_accounts_intake as accounts
        on contacts.account_id = accounts.account_id
    where contacts.verdict = 'accepted' and accounts.verdict = 'accepted'

),

-- from a verdict to the next, to the end of its hold, or to what lifts it (Q6); for
-- reasons about the profile, to any version of the contact or of an account of it
holds as (

    select * from (
        select
            verdicts.*,
            verdicts.disposed_at as started_at,
            least(
                {until("verdicts.next_disposed_at")},
                case
                    when verdicts.outcome = 'accepted'
                        then verdicts.disposed_at
                        + to_seconds(86400.0 * verdicts.accepted_hold_days)
                    when coalesce(named.until_profile_change, false)
                        then {until("change.at")}
                    else least(
                        verdicts.disposed_at
                        + to_seconds(
                            86400.0 * coalesce(named.hold_days, other.hold_days)
                        ),
                        {until("request.at")}
                    )
                end
            ) as ended_at
        from verdicts
        left join seeds.rejection_reasons as named
            using (definition_id, reason_code)
        inner join seeds.rejection_reasons as other
            on
                verdicts.definition_id = other.definition_id
                and other.reason_code = 'unspecified'
        left join lateral (
            select min(entry_at) as at
            from requests
            where
                requests.definition_id = verdicts.definition_id
                and requests.contact_id = verdicts.contact_id
                and requests.product_line = verdicts.product_line
                and requests.entry_at > verdicts.disposed_at
        ) as request on true
        left join lateral (
            select min(updated_at) as at
            from versions
            where
                versions.contact_id = verdicts.contact_id
                and versions.updated_at > verdicts.disposed_at
        ) as change on true
    )
    where started_at < ended_at

),

deals as (

    select
        rules.definition_id,
        rules.product_line,
        deals.contact_id,
        deals.account_id,
        deals.created_at as started_at,
        deals.closed_at as ended_at
    from intermediate.int_opportunities as deals
    inner join rules
        on
            deals.product_line is null
            or deals.product_line = rules.product_line
            or rules.product_line = 'general'
    where deals.created_at < {until("deals.closed_at")}

)
"""


# --------------------------------------------------------------------------------
# Claims about one world
# --------------------------------------------------------------------------------


@in_every_world
def test_drawn_worlds_have_what_the_claims_are_about(builds, drawn):
    """A claim about nothing would hold as well."""
    for things, query in {
        "MQLs": "select 1 from scoring.fct_contact_scores where is_qualified",
        "ended MQLs": "select 1 from qualification.fct_mqls where ended_at is not null",
        "account MQLs": "select 1 from qualification.fct_account_mqls",
        "suppressions": "select 1 from suppressions",
        "machine-made": "select 1 from activities where is_machine",
        "losses": "select 1 from scoring.fct_score_ledger where points_due < 0",
        "quarantined": "select 1 from quality.fct_quarantined_records",
    }.items():
        assert len(builds.rows(drawn, query)) >= 3, things


@in_every_world
def test_engagement_is_never_below_zero(builds, drawn):
    builds.none(
        drawn,
        """
        select contact_id, engagement_score from scoring.fct_contact_scores
        where not engagement_score >= 0
        union all
        select contact_id, engagement_score from history
        where not engagement_score >= 0
        union all
        select contact_id, engagement_score from qualification.fct_mqls
        where not engagement_score >= 0
        union all
        select account_id, engagement_score from scoring.fct_account_scores
        where not engagement_score >= 0
        union all
        select contact_id, least(score_before, score_after)
        from scoring.fct_score_ledger
        where not (score_before >= 0 and score_after >= 0)
        """,
    )


@in_every_world
def test_fit_is_within_the_bounds_of_its_points(builds, drawn):
    """Each criterion once at most, with the line's own points where it has some."""
    builds.none(
        drawn,
        """
        , points as (

            select
                rules.definition_id,
                rules.product_line,
                coalesce(own.points, every.points) as points
            from rules
            inner join seeds.fit_points as every
                on
                    rules.definition_id = every.definition_id
                    and every.product_line = '*'
            left join seeds.fit_points as own
                on
                    rules.definition_id = own.definition_id
                    and rules.product_line = own.product_line
                    and every.criterion = own.criterion

            union all

            select definition_id, product_line, points
            from seeds.fit_points as own
            where
                product_line <> '*'
                and not exists (
                    select 1 from seeds.fit_points as every
                    where
                        every.definition_id = own.definition_id
                        and every.criterion = own.criterion
                        and every.product_line = '*'
                )

        ),

        bounds as (

            select
                definition_id,
                product_line,
                sum(least(points, 0)) as lowest,
                sum(greatest(points, 0)) as highest
            from points
            group by all

        ),

        fits as (

            select definition_id, contact_id, product_line, fit_score from history
            union all
            select definition_id, contact_id, product_line, fit_score
            from scoring.fct_contact_scores
            union all
            select definition_id, contact_id, product_line, fit_score
            from qualification.fct_mqls

        )

        select fits.*, bounds.lowest, bounds.highest
        from fits
        left join bounds using (definition_id, product_line)
        where not coalesce(fits.fit_score between lowest and highest, false)
        """,
    )


@in_every_world
def test_applied_ledger_points_add_up_to_the_score(builds, drawn):
    """Under a half-life after each is decayed. Entries are rounded to 6 decimals."""
    builds.none(
        drawn,
        f"""
        , added_up as (

            select
                ledger.definition_id,
                ledger.contact_id,
                ledger.product_line,
                count(*) as entries,
                sum(
                    {decayed("ledger.points_applied", "ledger.entry_at", "now.as_of")}
                ) as score
            from scoring.fct_score_ledger as ledger
            inner join rules using (definition_id, product_line)
            cross join (
                select distinct as_of from scoring.fct_contact_scores
            ) as now
            group by all

        )

        select {WHO}, scores.engagement_score, added_up.score
        from scoring.fct_contact_scores as scores
        full join added_up using ({WHO})
        where
            not coalesce(
                abs(scores.engagement_score - coalesce(added_up.score, 0))
                <= coalesce(added_up.entries, 1) * {TOLERANCE},
                false
            )
        """,
    )


@in_every_world
def test_each_ledger_entry_goes_on_from_the_one_before(builds, drawn):
    """It starts from where the last one ended, and the floor is its only reason to
    apply other points than are due."""
    builds.none(
        drawn,
        f"""
        , chain as (

            select
                *,
                coalesce(lag(score_after) over entries, 0) as last_score,
                coalesce(lag(entry_at) over entries, entry_at) as last_at
            from scoring.fct_score_ledger
            window entries as (
                partition by {WHO}
                -- at one instant the loss comes first
                order by entry_at, entry_type desc, activity_id
            )

        )

        select chain.*
        from chain
        inner join rules using (definition_id, product_line)
        where
            abs(score_before - {decayed("last_score", "last_at", "entry_at")})
            > {TOLERANCE}
            or abs(score_after - greatest(score_before + points_due, 0)) > {TOLERANCE}
            or abs(score_after - score_before - points_applied) > {TOLERANCE}
        """,
    )


@in_every_world
def test_history_and_ledger_tell_the_same_score(builds, drawn):
    """At the instant of every ledger entry, after the last entry of that instant."""
    score_then = decayed("history.engagement_score", "history.valid_from", "entry_at")
    builds.none(
        drawn,
        f"""
        , entries as (

            select *
            from scoring.fct_score_ledger
            qualify
                row_number() over (
                    partition by {WHO}, entry_at
                    order by entry_type, activity_id desc
                )
                = 1

        )

        select entries.*, history.valid_from, history.engagement_score
        from entries
        inner join rules using (definition_id, product_line)
        left join history
            on
                entries.definition_id = history.definition_id
                and entries.contact_id = history.contact_id
                and entries.product_line = history.product_line
                and history.valid_from <= entries.entry_at
                and entries.entry_at < {until("history.valid_to")}
        where
            not coalesce(
                abs(entries.score_after - {score_then}) <= {TOLERANCE},
                false
            )
        """,
    )


@in_every_world
def test_history_intervals_neither_overlap_nor_gap(builds, drawn):
    """Each ends where the next begins; the last, and only the last, is open."""
    builds.none(
        drawn,
        f"""
        select * from (
            select
                *,
                lead(valid_from) over (
                    partition by {WHO} order by valid_from, valid_to
                ) as next_from
            from history
        )
        where
            valid_to is distinct from next_from
            or valid_from is null
            or valid_to <= valid_from
        """,
    )


@in_every_world
def test_history_agrees_with_the_current_scores(builds, drawn):
    """And both have the same people, each for every definition and line."""
    builds.none(
        drawn,
        f"""
        , wanted as (

            select rules.definition_id, people.contact_id, rules.product_line
            from rules
            cross join scoring.dim_contacts as people

        )

        select {WHO}, scores.engagement_score, now.engagement_score, now.valid_from
        from wanted
        full join scoring.fct_contact_scores as scores using ({WHO})
        full join (select * from history where valid_to is null) as now using ({WHO})
        left join rules using (definition_id, product_line)
        where
            wanted.definition_id is null
            or now.fit_score is distinct from scores.fit_score
            or now.account_id is distinct from scores.account_id
            or now.is_qualified is distinct from scores.is_qualified
            or not coalesce(
                abs(
                    scores.engagement_score
                    - {decayed("now.engagement_score", "now.valid_from", "as_of")}
                )
                <= {TOLERANCE},
                false
            )
        """,
    )


@in_every_world
def test_mqls_of_a_contact_and_line_never_overlap(builds, drawn):
    builds.none(
        drawn,
        f"""
        , spells as (

            select {WHO}, mql_at, ended_at from qualification.fct_mqls
            union all
            select definition_id, account_id, 'account ' || product_line, mql_at,
                ended_at
            from qualification.fct_account_mqls

        )

        select * from (
            select
                *,
                lead(mql_at) over (
                    partition by {WHO} order by mql_at, ended_at
                ) as next_at
            from spells
        )
        where
            mql_at >= {until("ended_at")}
            or next_at < {until("ended_at")}
        """,
    )


@in_every_world
def test_an_mql_is_open_whenever_a_contact_qualifies(builds, drawn):
    """One MQL covers a qualified interval; it begins, and ends, with such a one."""
    builds.none(
        drawn,
        f"""
        , qualified as (

            select * from history where is_qualified

        )

        select {WHO}, 'no MQL' as what, valid_from as at
        from qualified
        anti join qualification.fct_mqls as mqls
            on
                qualified.definition_id = mqls.definition_id
                and qualified.contact_id = mqls.contact_id
                and qualified.product_line = mqls.product_line
                and mqls.mql_at <= qualified.valid_from
                and {until("qualified.valid_to")} <= {until("mqls.ended_at")}

        union all

        select {WHO}, 'begins unqualified', mql_at
        from qualification.fct_mqls as mqls
        anti join qualified
            on
                qualified.definition_id = mqls.definition_id
                and qualified.contact_id = mqls.contact_id
                and qualified.product_line = mqls.product_line
                and qualified.valid_from = mqls.mql_at

        union all

        select {WHO}, 'ends unqualified', ended_at
        from qualification.fct_mqls as mqls
        anti join qualified
            on
                qualified.definition_id = mqls.definition_id
                and qualified.contact_id = mqls.contact_id
                and qualified.product_line = mqls.product_line
                and qualified.valid_to is not distinct from mqls.ended_at
        """,
    )


def none_qualifies_during(builds: Builds, drawn: Drawn, intervals: str) -> None:
    """Asserts that no contact qualifies, and no MQL begins or is left open, in any
    of the intervals from started_at to ended_at; and that an MQL ends where one of
    them stops a contact from qualifying. (One that lapsed before may go on after.)"""
    builds.none(
        drawn,
        f"""
        , blocked as (

            select * from {intervals}

        )

        select {WHO}, blocked.started_at, blocked.ended_at, valid_from as at
        from history
        inner join blocked using ({WHO})
        where
            history.is_qualified
            and history.valid_from < {until("blocked.ended_at")}
            and blocked.started_at < {until("history.valid_to")}

        union all

        select {WHO}, blocked.started_at, blocked.ended_at, mql_at
        from qualification.fct_mqls as mqls
        inner join blocked using ({WHO})
        where
            (
                blocked.started_at <= mqls.mql_at
                and mqls.mql_at < {until("blocked.ended_at")}
            )
            or (blocked.ended_at is null and mqls.ended_at is null)

        union all

        select {WHO}, blocked.started_at, blocked.ended_at, mql_at
        from qualification.fct_mqls as mqls
        inner join blocked using ({WHO})
        inner join history using ({WHO})
        where
            history.is_qualified
            and history.valid_to = blocked.started_at
            and mqls.mql_at < blocked.started_at
            and blocked.started_at < {until("mqls.ended_at")}
        """,
    )


@in_every_world
def test_there_is_no_mql_while_suppressed(builds, drawn):
    none_qualifies_during(builds, drawn, "suppressions")


@in_every_world
def test_there_is_no_mql_while_held(builds, drawn):
    none_qualifies_during(builds, drawn, "holds")


@in_every_world
def test_there_is_no_mql_with_an_open_opportunity(builds, drawn):
    none_qualifies_during(builds, drawn, "deals")


@in_every_world
def test_an_account_mql_begins_with_its_number_of_people(builds, drawn):
    """People of the account by then, neither suppressed nor held, each with the least
    points, and together with enough; and no deal of the account is open."""
    score_then = decayed("people.engagement_score", "people.valid_from", "mqls.mql_at")
    countable = "\n".join(
        f"""
            and not exists (
                select 1 from {blocked} as blocked
                where
                    blocked.definition_id = people.definition_id
                    and blocked.contact_id = people.contact_id
                    and blocked.product_line = people.product_line
                    and blocked.started_at <= mqls.mql_at
                    and mqls.mql_at < {until("blocked.ended_at")}
            )"""
        for blocked in ("suppressions", "holds")
    )
    builds.none(
        drawn,
        f"""
        , people as (

            select
                mqls.account_mql_id,
                rules.account_contact_min_engagement as least_points,
                {score_then} as score
            from qualification.fct_account_mqls as mqls
            inner join rules using (definition_id, product_line)
            inner join history as people
                on
                    mqls.definition_id = people.definition_id
                    and mqls.account_id = people.account_id
                    and mqls.product_line = people.product_line
                    and people.valid_from <= mqls.mql_at
                    and mqls.mql_at < {until("people.valid_to")}
            where true {countable}

        ),

        counted as (

            select
                account_mql_id,
                count(*) filter (score >= least_points - {TOLERANCE}) as engaged,
                sum(score) as score
            from people
            group by all

        )

        select mqls.*, counted.engaged, counted.score
        from qualification.fct_account_mqls as mqls
        inner join rules using (definition_id, product_line)
        left join counted using (account_mql_id)
        where
            not coalesce(
                counted.engaged >= mqls.engaged_contacts
                and mqls.engaged_contacts >= rules.account_min_contacts
                and counted.score >= mqls.engagement_score - 0.001
                and mqls.engagement_score >= rules.account_min_engagement,
                false
            )
            or exists (
                select 1 from deals
                where
                    deals.definition_id = mqls.definition_id
                    and deals.account_id = mqls.account_id
                    and deals.product_line = mqls.product_line
                    and deals.started_at <= mqls.mql_at
                    and mqls.mql_at < {until("deals.ended_at")}
            )
        """,
    )


@in_every_world
def test_raw_rows_reconcile_with_the_files(builds, drawn):
    """Counted in the files, in the quarantine, and in what the marts are made of."""
    world, _ = builds.world(drawn)
    marts = {
        row["source_table"]: row
        for row in builds.rows(
            drawn,
            """
            select
                reconciliation.*,
                (
                    select count(*) from quality.fct_quarantined_records as quarantined
                    where quarantined.source_table = reconciliation.source_table
                ) as in_quarantine,
                case source_table
                    when 'activities' then (
                        select count(distinct activity_id) from activities
                    )
                end as in_marts
            from quality.fct_reconciliation as reconciliation
            """,
        )
    }
    assert marts.keys() == reference.CONTRACT.keys()
    for table, counts in marts.items():
        buckets = ("accepted", "duplicate", "quarantined", "not_yet_visible", "erased")
        added_up = sum(counts[f"rows_{bucket}"] for bucket in buckets)
        assert len(world.raw.get(table, [])) == counts["rows_raw"] == added_up, table
        assert counts["in_quarantine"] == counts["rows_quarantined"], table
        assert counts["in_marts"] in (None, counts["rows_accepted"]), table


@in_every_world
def test_erased_contacts_leave_no_trace(builds, drawn):
    """Neither their ids nor anything they wrote is in any table that is kept."""
    world, built = builds.world(drawn)
    verdicts = reference.section_11_intake(
        world.raw, world.with_seeds(builds.seeds), world.as_of
    )
    erased = {
        row.cells["contact_id"]
        for row in verdicts["contacts"]
        if row.status == reference.ERASED
    }
    assert erased, "some should be"
    tables = warehouse.rows(
        built,
        """
        select
            table_schema || '.' || table_name as name,
            string_agg('"' || column_name || '"', ', ') as cells
        from information_schema.columns
        inner join information_schema.tables using (table_schema, table_name)
        where
            table_type = 'BASE TABLE'
            and data_type = 'VARCHAR'
            and table_schema <> 'seeds'
        group by all
        """,
    )
    assert len(tables) > 30
    # alone in a cell, or as a part of one: a cell of a raw record, of a mail address
    listed = "|".join(re.escape(contact) for contact in sorted(erased))
    trace = f"(^|[^\\w-])({listed})($|[^\\w-])".replace("'", "''")
    for table in tables:
        cells = f"concat_ws(' ', {table['cells']})"
        found = warehouse.rows(
            built,
            f"select * from {table['name']} where regexp_matches({cells}, '{trace}')",
        )
        assert not found, f"{table['name']} holds {found[0]}"


@in_every_world
def test_a_machine_made_activity_has_no_points(builds, drawn):
    """It moves no score, and is no engagement that would keep one."""
    builds.none(
        drawn,
        """
        select * from activities
        where
            is_machine
            and (
                points_due <> 0
                or points_applied <> 0
                or score_after <> score_before
                or is_engagement
            )
        """,
    )


# --------------------------------------------------------------------------------
# Claims about people and their twins
# --------------------------------------------------------------------------------


def side_by_side(prefix: str) -> str:
    """The histories of people and of their twins, wherever they share time."""
    return f"""
        , pairs as (

            select
                people.*,
                twins.engagement_score as twins_score,
                twins.fit_score as twins_fit,
                twins.is_qualified as twin_is_qualified,
                twins.valid_from as twins_from,
                greatest(people.valid_from, twins.valid_from) as shared_from,
                least(
                    {until("people.valid_to")}, {until("twins.valid_to")}
                ) as shared_to
            from history as people
            inner join history as twins
                on
                    people.definition_id = twins.definition_id
                    and '{prefix}' || people.contact_id = twins.contact_id
                    and people.product_line = twins.product_line
                    and people.valid_from < {until("twins.valid_to")}
                    and twins.valid_from < {until("people.valid_to")}

        )
        """


def scores_then() -> str:
    """The score of a person and of the twin, when a shared interval begins."""
    mine = decayed("pairs.engagement_score", "pairs.valid_from", "pairs.shared_from")
    twins = decayed("pairs.twins_score", "pairs.twins_from", "pairs.shared_from")
    return f"{mine} as my_score, {twins} as twins_score_then"


@in_every_world
def test_one_more_positive_activity_never_lowers_a_score(builds, drawn):
    """At any time, of any line: with its own message and asset and no daily limit.

    True of rules under which whatever has points is engagement, and the first loss
    comes no sooner after an engagement than the next after a loss; as all here are.
    """
    builds.none(
        drawn,
        side_by_side(MORE)
        + f"""
        select * from (
            select pairs.*, {scores_then()}
            from pairs
            inner join rules using (definition_id, product_line)
        )
        where
            twins_score_then < my_score - {TOLERANCE}
            or twins_fit is distinct from fit_score
        """,
    )
    builds.none(
        drawn,
        f"""
        select accounts.*, twins.engagement_score as twins_score
        from scoring.fct_account_scores as accounts
        inner join scoring.fct_account_scores as twins
            on
                accounts.definition_id = twins.definition_id
                and '{MORE}' || accounts.account_id = twins.account_id
                and accounts.product_line = twins.product_line
        where
            twins.engagement_score < accounts.engagement_score - 0.001
            or (accounts.is_qualified and not twins.is_qualified)
        """,
    )
    raised = builds.rows(
        drawn,
        f"""
        select 1
        from scoring.fct_contact_scores as people
        inner join scoring.fct_contact_scores as twins
            on
                people.definition_id = twins.definition_id
                and '{MORE}' || people.contact_id = twins.contact_id
                and people.product_line = twins.product_line
        where twins.engagement_score > people.engagement_score
        """,
    )
    assert raised, "and it raises some"


@in_every_world
def test_one_more_positive_activity_never_delays_or_ends_an_mql(builds, drawn):
    """Whenever somebody qualifies, the twin does; and whenever somebody's MQL begins
    or is about to end, one of the twin is open. Under a half-life a threshold is
    left within two seconds of when it should.

    It may cut an MQL in two that paused: a direct request in the pause begins a new
    one (M2), and so does a return after an end that is not a lapse.
    """
    seconds = differential.HALF_LIFE_TOLERANCE_SECONDS
    tolerance = f"""
        case
            when rules.half_life_days is null then interval 0 second
            else to_seconds({seconds})
        end"""
    builds.none(
        drawn,
        side_by_side(MORE)
        + f"""
        select pairs.*
        from pairs
        inner join rules using (definition_id, product_line)
        where
            is_qualified
            and not twin_is_qualified
            and shared_from + {tolerance} < shared_to
        """,
    )
    builds.none(
        drawn,
        f"""
        select mqls.definition_id, mqls.contact_id, mqls.product_line, mqls.mql_at
        from qualification.fct_mqls as mqls
        inner join rules using (definition_id, product_line)
        inner join scoring.dim_contacts as twins
            on '{MORE}' || mqls.contact_id = twins.contact_id
        where
            not exists (
                select 1 from qualification.fct_mqls as theirs
                where
                    mqls.definition_id = theirs.definition_id
                    and twins.contact_id = theirs.contact_id
                    and mqls.product_line = theirs.product_line
                    and theirs.mql_at <= mqls.mql_at
                    and mqls.mql_at < {until("theirs.ended_at")}
            )
            or not exists (
                select 1 from qualification.fct_mqls as theirs
                where
                    mqls.definition_id = theirs.definition_id
                    and twins.contact_id = theirs.contact_id
                    and mqls.product_line = theirs.product_line
                    and theirs.mql_at < {until("mqls.ended_at")}
                    and {until("mqls.ended_at")}
                    <= {until("theirs.ended_at")} + {tolerance}
            )
        """,
    )


@in_every_world
def test_a_machine_made_activity_changes_no_score_and_no_mql(builds, drawn):
    """Whatever it is: not then, not now. Only its being there shows."""
    builds.none(
        drawn,
        side_by_side(MACHINE)
        + f"""
        select * from (
            select pairs.*, {scores_then()}
            from pairs
            inner join rules using (definition_id, product_line)
        )
        where
            abs(twins_score_then - my_score) > {TOLERANCE}
            or twins_fit is distinct from fit_score
            or is_qualified is distinct from twin_is_qualified
        """,
    )
    for mart, schema in OF_SOMEBODY.items():
        if mart in ACTIVITIES_SHOW:
            continue
        people, twins = [], []
        for row in builds.rows(drawn, f"select * from {schema}.{mart}"):
            for name in NAMED_BY_TIME.get(mart, []):
                row.pop(name, None)
            whose = row.get("contact_id") or row["account_id"]
            if whose.startswith(MACHINE):
                for column in IDS & row.keys():
                    row[column] = row[column] and row[column].removeprefix(MACHINE)
                twins.append(row)
            elif not whose.startswith(MORE):
                people.append(row)
        assert_same(mart, people, twins)


# --------------------------------------------------------------------------------
# Claims about a world and the same world told otherwise
# --------------------------------------------------------------------------------


@in_every_world
def test_neither_order_nor_copies_of_raw_rows_change_anything(builds, drawn):
    """But the number of duplicates, by as many as there are copies."""
    before, as_drawn = builds.world(drawn)
    after, shuffled = builds.world(drawn, "shuffled")
    for mart, schema in differential.SCHEMAS.items():
        query = f"select * from {schema}.{mart}"
        rows = warehouse.rows(shuffled, query)
        if mart == "fct_reconciliation":
            for row in rows:
                table = row["source_table"]
                old, new = before.raw.get(table, []), after.raw.get(table, [])
                assert len(new) > len(old) or not old, f"no copies in {table}"
                row["rows_raw"] -= len(new) - len(old)
                row["rows_duplicate"] -= len(new) - len(old)
        assert_same(mart, warehouse.rows(as_drawn, query), rows)


@in_every_world
def test_shifting_everything_by_whole_days_changes_nothing_else(builds, drawn):
    """All raw times, rule dates and `as_of` together."""
    _, here = builds.world(drawn)
    _, there = builds.world(drawn, "shifted")
    days = drawn.shift_days * worlds.DAY
    for mart, schema in OF_SOMEBODY.items():
        # ids of MQLs are made of their times; raw records and summaries quote them
        named = NAMED_BY_TIME.get(mart)
        names = f"* exclude ({', '.join(named)})" if named else "*"
        query = f"select {names} from {schema}.{mart}"
        before, after = warehouse.rows(here, query), warehouse.rows(there, query)
        for row in after:
            for name, value in row.items():
                if isinstance(value, datetime):
                    row[name] = value - days
        assert_same(mart, before, after)
