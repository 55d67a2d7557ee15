"""Compares what the warehouse built with the plain Python reference of the rules.

One world is one seed number. To replay one by hand, from the project's root:

    .venv/bin/python tests/python/differential.py 17
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import yaml

import reference
import reference_funnel
import reference_handoffs
import warehouse
import worlds
from reference import Seeds

SCHEMAS = {
    "dim_contacts": "scoring",
    "dim_accounts": "scoring",
    "fct_contact_scores": "scoring",
    "fct_score_ledger": "scoring",
    "fct_contact_score_history": "scoring",
    "fct_account_scores": "scoring",
    "fct_mqls": "qualification",
    "fct_account_mqls": "qualification",
    "fct_mql_handoffs": "handoff",
    "fct_direct_requests": "handoff",
    "int_mql_answers": "intermediate",
    "fct_mql_funnel": "funnel",
    "fct_handoff_outcomes": "funnel",
    "fct_funnel_monthly": "funnel",
    "fct_mql_cohorts": "funnel",
    "fct_rejections_monthly": "funnel",
    "fct_sla_monthly": "funnel",
    "fct_review_alerts": "funnel",
    "fct_monthly_review": "funnel",
    "fct_mql_drivers": "funnel",
    "fct_campaign_performance": "funnel",
    "fct_quarantined_records": "quality",
    "fct_reconciliation": "quality",
}
WHO = ("definition_id", "contact_id", "product_line")
ACCOUNT = ("definition_id", "account_id", "product_line")
# What identifies a row of a mart when the two are put side by side.
KEYS = {
    "dim_contacts": ("contact_id",),
    "dim_accounts": ("account_id",),
    "fct_contact_scores": WHO,
    "fct_score_ledger": (*WHO, "entry_type", "entry_at", "activity_id"),
    "fct_mqls": (*WHO, "mql_at"),
    "fct_account_scores": ACCOUNT,
    "fct_account_mqls": (*ACCOUNT, "mql_at"),
    "fct_mql_handoffs": ("handoff_type", *WHO, "account_id", "mql_at"),
    "fct_direct_requests": ("activity_id",),
    "int_mql_answers": ("disposition_id", *WHO, "account_id", "mql_at"),
    "fct_mql_funnel": ("handoff_type", *WHO, "account_id", "mql_at"),
    "fct_handoff_outcomes": ("handoff_type", *WHO, "account_id", "mql_at"),
    "fct_funnel_monthly": ("month", "product_line"),
    "fct_mql_cohorts": ("cohort_month", "product_line", "months_since"),
    "fct_rejections_monthly": ("month", "product_line", "reason"),
    "fct_sla_monthly": ("month", "rep_id", "priority"),
    "fct_review_alerts": ("month", "alert"),
    "fct_monthly_review": ("month",),
    "fct_mql_drivers": ("attribute", "value", "product_line"),
    "fct_campaign_performance": ("touch", "campaign", "channel"),
    "fct_reconciliation": ("source_table",),
}
# Columns of a mart that the reference does not give, and why; it gives all others.
NOT_COMPARED = {
    "fct_mqls": {"mql_id": "a hash of the key, unique by a dbt test"},
    "fct_account_mqls": {"account_mql_id": "a hash of the key, unique by a dbt test"},
    "fct_mql_handoffs": {
        "handoff_id": "a hash, compared as the primary_key of its rows",
        "mql_id": "a hash of the key; that of the primary is the handoff_id",
        **dict.fromkeys(
            (
                "engagement_summary",
                "content_downloaded",
                "pages_visited",
                "events_attended",
                "direct_requests",
                "downloads",
                "page_views",
                "high_intent_page_views",
                "events",
                "registrations",
                "requests",
                "email_opens",
                "email_clicks",
                "last_activity_at",
            ),
            "a text for people and what it counts, told by dbt unit tests",
        ),
    },
    "fct_direct_requests": {
        "handoff_id": "a hash, compared as the primary_key of its hand-over",
    },
    "int_mql_answers": {
        "mql_id": "a hash of the key",
        "handoff_id": "a hash, compared as the primary_key of its hand-over",
    },
    "fct_mql_funnel": {
        "mql_id": "a hash of the key",
        "handoff_id": "a hash, compared as the primary_key of its hand-over",
    },
    "fct_handoff_outcomes": {
        "mql_id": "a hash of the key",
        "handoff_id": "a hash, compared as the primary_key of its hand-over",
    },
}
# Under a half-life a threshold is left between activities; results within two seconds
# of each other are equal (scoring-rules.md, section 12).
HALF_LIFE_TOLERANCE_SECONDS = 2.0


def is_close(expected, found) -> bool:
    """Whether two cells are the same, times and scores within their tolerance."""
    if isinstance(expected, datetime) and isinstance(found, datetime):
        seconds = abs((expected - found).total_seconds())
        return seconds <= HALF_LIFE_TOLERANCE_SECONDS
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return abs(expected - found) <= 2e-6
    return expected == found


def compare_keyed(mart: str, expected: list[dict], found: list[dict]) -> list[str]:
    """Row by row by the mart's key, over the columns the reference gives."""
    differences = []
    key = KEYS[mart]
    found_rows = {tuple(row[name] for name in key): row for row in found}
    if len(found_rows) != len(found):
        differences.append(f"{mart}: {len(found) - len(found_rows)} rows share a key")
    left_over = dict(found_rows)
    for row in expected:
        wanted = tuple(row[name] for name in key)
        match = left_over.pop(wanted, None)
        if match is None:
            # a half-life crossing may be off by a moment
            near = [
                other
                for other in left_over
                if all(is_close(a, b) for a, b in zip(wanted, other))
            ]
            if near:
                match = left_over.pop(near[0])
        if match is None:
            differences.append(f"{mart}: missing {row}")
            continue
        for name, value in row.items():
            if name not in match or not is_close(value, match[name]):
                differences.append(
                    f"{mart} {wanted}: {name} is {match.get(name)!r},"
                    f" expected {value!r}\n      expected row {row}"
                    f"\n      found row {match}"
                )
                break
    differences += [f"{mart}: unexpected {row}" for row in left_over.values()]
    return differences


def compare_quarantine(expected: list[dict], found: list[dict]) -> list[str]:
    """As counts of equal rows, for a refused row may have no key."""
    names = ("source_table", "reason", "record_key", "loaded_at")

    def counted(rows: list[dict]) -> Counter:
        return Counter(
            (
                *(row[name] for name in names),
                row["raw_record"] and tuple(sorted(row["raw_record"].items())),
            )
            for row in rows
        )

    for row in found:
        row["raw_record"] = row["raw_record"] and json.loads(row["raw_record"])
    wanted, got = counted(expected), counted(found)
    return [
        f"fct_quarantined_records: missing {key} x{n}"
        for key, n in (wanted - got).items()
    ] + [
        f"fct_quarantined_records: unexpected {key} x{n}"
        for key, n in (got - wanted).items()
    ]


def compare_history(expected: list[dict], found: list[dict]) -> list[str]:
    """At every instant either side names, both must tell the same state."""
    differences = []
    by_who: dict[tuple, tuple[list, list]] = {}
    for side, rows in enumerate((expected, found)):
        for row in rows:
            who = tuple(row[name] for name in WHO)
            by_who.setdefault(who, ([], []))[side].append(row)
    for who, (wanted, got) in by_who.items():
        wanted.sort(key=lambda row: row["valid_from"])
        got.sort(key=lambda row: row["valid_from"])
        if not wanted or not got:
            differences.append(f"history {who}: only on one side")
            continue
        if wanted[0]["valid_from"] != got[0]["valid_from"]:
            differences.append(
                f"history {who}: starts {got[0]['valid_from']},"
                f" expected {wanted[0]['valid_from']}"
            )
        for before, after in pairwise(got):
            if before["valid_to"] != after["valid_from"]:
                differences.append(f"history {who}: gap or overlap at {after}")
        if got[-1]["valid_to"] is not None:
            differences.append(f"history {who}: the last interval is closed")
        for row in wanted:
            match = [
                other
                for other in got
                if is_close(other["valid_from"], row["valid_from"])
            ]
            if not match:
                differences.append(f"history {who}: no interval starts at {row}")
            elif not any(is_same_state(row, other) for other in match):
                differences.append(f"history {who}: {match[0]}, expected {row}")
        # the warehouse may begin an interval where nothing of the state changes
        for row in got:
            at = row["valid_from"]
            if any(is_close(other["valid_from"], at) for other in wanted):
                continue
            then = [other for other in wanted if other["valid_from"] <= at]
            if then and not is_same_state(decayed(then[-1], at), row):
                differences.append(
                    f"history {who}: {row}, expected {decayed(then[-1], at)}"
                )
    return differences


def is_same_state(expected: dict, found: dict) -> bool:
    """Whether two history rows tell the same of the contact."""
    state = (
        "account_id",
        "fit_score",
        "engagement_score",
        "total_score",
        "is_qualified",
    )
    return all(is_close(expected[name], found[name]) for name in state)


def decayed(row: dict, at: datetime) -> dict:
    """A history row of the reference, its scores decayed to an instant within (E3)."""
    if row["half_life"] is None:
        return row
    left = 0.5 ** ((at - row["valid_from"]) / row["half_life"])
    score = row["engagement_score"] * left
    return row | {"engagement_score": score, "total_score": row["fit_score"] + score}


def not_given(mart: str, expected: list[dict], found: list[dict]) -> list[str]:
    """The columns of a mart that nobody would compare."""
    if not expected or not found:
        return []
    known = expected[0].keys() | NOT_COMPARED.get(mart, {}).keys()
    return [
        f"{mart}: the reference does not give {name}"
        for name in found[0]
        if name not in known
    ]


def primary_keys(handoffs: list[dict]) -> dict[str, tuple]:
    """What `handoff_id` is a hash of: by it the key of the hand-over's primary MQL.

    A hand-over without exactly one primary, whose `mql_id` it is, is left out.
    """
    keys: dict[str, list[tuple]] = {}
    for row in handoffs:
        if row["is_primary"]:
            who = row[
                "account_id" if row["handoff_type"] == "account" else "contact_id"
            ]
            key = (row["definition_id"], who, row["product_line"], row["mql_at"])
            if row["mql_id"] != row["handoff_id"]:
                key = ("its primary is another one", *key)
            keys.setdefault(row["handoff_id"], []).append(key)
    return {handoff_id: one[0] for handoff_id, one in keys.items() if len(one) == 1}


def expected_marts(raw: reference.Raw, rules: reference.Seeds, as_of: datetime) -> dict:
    """All marts the reference knows, as a run at `as_of` must give them."""
    marts = reference.build(raw, rules, as_of)
    marts |= reference_handoffs.build(raw, rules, as_of, marts)
    return marts | reference_funnel.build(raw, rules, as_of, marts, project_vars())


def project_vars() -> dict:
    """The settings of the project that are no rules: its dbt vars."""
    text = (warehouse.ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["vars"]


def compare(expected: dict[str, list[dict]], warehouse_file: Path) -> list[str]:
    """All differences between the reference's marts and the warehouse's, as text."""
    differences = []
    handoffs = warehouse.rows(warehouse_file, "select * from handoff.fct_mql_handoffs")
    primaries = primary_keys(handoffs)
    for mart, schema in SCHEMAS.items():
        found = warehouse.rows(warehouse_file, f"select * from {schema}.{mart}")
        for row in found:
            if "handoff_id" in row:
                row["primary_key"] = primaries.get(row["handoff_id"])
        differences += not_given(mart, expected[mart], found)
        if mart == "fct_quarantined_records":
            differences += compare_quarantine(expected[mart], found)
        elif mart == "fct_contact_score_history":
            differences += compare_history(expected[mart], found)
        else:
            differences += compare_keyed(mart, expected[mart], found)
    return differences


def run_world(seed: int, folder: Path, contacts: int = 40) -> list[str]:
    """Builds one world both ways. Odd seeds also change the rules. Returns the
    differences, none where the two agree."""
    seeds = reference.read_seeds(warehouse.ROOT)
    world = worlds.make_world(seed, contacts, seeds=seeds, change_rules=seed % 2 == 1)
    return differences_of(world, world.with_seeds(seeds), folder)


def differences_of(world: worlds.World, rules: Seeds, folder: Path) -> list[str]:
    """Builds a world under given rules both ways, in a folder. Returns the
    differences, none where the two agree."""
    project = warehouse.project_with(rules)
    worlds.write_world(world, folder / "raw")
    expected = expected_marts(world.raw, rules, world.as_of)
    built = folder / "warehouse.duckdb"
    warehouse.build_models(folder / "raw", built, world.as_of, project)
    return compare(expected, built)


if __name__ == "__main__":
    for number in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as scratch:
            found = run_world(int(number), Path(scratch))
        print(f"world {number}: {len(found)} differences")
        for line in found[:12]:
            print("  " + line, flush=True)
