"""The audit passes on a sound warehouse and names what is wrong with a broken one."""

from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path

import duckdb
import pytest

import warehouse
from mql.audit import AuditReport, audit, opened
from mql.copies import in_place_of_marts
from mql.expectations.check import EXAMPLE_ROWS, FAILED, PASSED, WARNED, examine
from mql.expectations.marts import examine_marts, mart_checks
from mql.expectations.raw import FEW_ROWS, contract, examine_raw
from mql.project import ProjectError
from raw_files import DAY, START, RawFiles

AS_OF = START + 100 * DAY
SURGEON = {"specialty": "orthopaedic_surgery", "role": "chief_of_surgery"}
ONE_MQL = "select mql_id from qualification.fct_mqls order by mql_id limit 1"
# Rows of the ledger before and after which others stand, and that moved the score.
INNER_ENTRY = """
    select activity_id from scoring.fct_score_ledger
    where contact_id = 'C1' and activity_type = 'content_download'
"""
SOMEBODY = "contact_id = 'C2' and product_line = 'general'"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A hospital whose surgeons qualify alone and together, and some dirt."""
    folder = tmp_path_factory.mktemp("sound")
    files = RawFiles()
    files.account("A1", "hospital", "NY", owner_rep_id="R-01")
    files.add("sales_reps", rep_id="R-01", is_active="true", loaded_at=START)
    for number in range(1, 5):
        contact = f"C{number}"
        files.contact(contact, "A1", **SURGEON, email=f"{contact}@example.org")
        for day, kind in enumerate(
            ["webinar_attendance", "content_download", "unsubscribe", "demo_request"]
        ):
            at = AS_OF - (40 - 3 * number - day) * DAY
            files.activity(contact, kind, at, asset_name=f"paper {day}")
    # a reader of mail, so that there are rows enough to break
    files.contact("C9", "A1")
    for number in range(FEW_ROWS + 50):
        files.activity("C9", "email_open", AS_OF - number * DAY / 4)
    files.activity("C9", "moon_walk", START + DAY)
    # a web form without a hospital: fit 15 + 5
    files.contact("C8", "", specialty=SURGEON["specialty"], state="NY", country="US")
    files.activity("C8", "demo_request", AS_OF - DAY)
    files.contact("C0", "A1", **SURGEON)
    files.activity("C0", "demo_request", START + DAY)
    files.contact("C0", "A1", updated_at=START + 2 * DAY, is_deleted=True)
    warehouse.build_models(
        files.write(folder / "raw"),
        folder / "warehouse.duckdb",
        AS_OF,
        project=warehouse.copy_project(folder / "project"),
    )
    return folder / "warehouse.duckdb"


@pytest.fixture(scope="module")
def sound(built, tmp_path_factory) -> AuditReport:
    """The audit of the sound warehouse."""
    return audit(built, tmp_path_factory.mktemp("docs"))


def results(report: AuditReport) -> dict[str, str]:
    """Expectation -> its result."""
    return {finding.check.name: finding.result for finding in report.findings}


def broken_copy(built: Path, folder: Path, *statements: str) -> Path:
    """A copy of the warehouse after some statements; its views name the file's stem."""
    copy = folder / built.name
    shutil.copy(built, copy)
    connection = duckdb.connect(str(copy))
    try:
        for statement in statements:
            if changes := re.match(
                r"(?:update|delete from|insert into) (\S+)", statement
            ):
                store(connection, changes[1])
            changed = connection.execute(statement).fetchone()
            assert changed is None or changed[0] > 0, f"changed nothing: {statement}"
    finally:
        connection.close()
    return copy


def store(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Makes a table of a mart that is a view, so that cells of it can be changed."""
    schema, mart = name.split(".")
    if (schema, mart) in connection.execute(
        "select schema_name, view_name from duckdb_views()"
    ).fetchall():
        connection.execute(f"create temp table rows_of_the_view as from {name}")
        connection.execute(f"drop view {name}")
        connection.execute(f"create table {name} as from rows_of_the_view")
        connection.execute("drop table rows_of_the_view")


def broken_contracts(copy: Path) -> set[str]:
    """The critical failures at the raw door, without Great Expectations' part."""
    with opened(copy) as connection:
        return {
            finding.check.name
            for finding in examine_raw(connection, f"timestamp '{AS_OF}'")
            if not finding.check.only_warns
            and (finding.error or finding.rows_violating > finding.check.rows_allowed)
        }


def test_a_sound_warehouse_passes(built, sound):
    mqls = warehouse.rows(built, "select * from qualification.fct_mqls")
    assert len(mqls) >= 8
    assert warehouse.rows(built, "select * from qualification.fct_account_mqls")
    assert sound.ok, sound.text()
    of_mart_door = [each for each in sound.findings if each.door == "mart"]
    assert [each.check.name for each in of_mart_door if each.result != PASSED] == [
        # an activity of an unknown type
        "quarantine_is_empty"
    ]
    assert sound.as_of == AS_OF


def test_dirt_within_limits_is_reported_and_stops_nothing(sound):
    assert results(sound)["activities_activity_type_is_known"] == WARNED
    assert results(sound)["quarantine_is_empty"] == WARNED
    assert re.search(
        r"raw +activities_activity_type_is_known +warned +1\n", sound.text()
    )


def test_every_expectation_has_a_name_of_its_own_and_a_note(sound):
    names = [finding.check.name for finding in sound.findings]
    assert len(names) == len(set(names))
    for finding in sound.findings:
        assert finding.check.why.endswith("."), finding.check.name
        assert finding.check.remedy.endswith("."), finding.check.name


def test_data_docs_open_without_network_and_carry_the_notes(sound):
    pages = {
        path.relative_to(sound.docs.parent).as_posix(): path.read_text("utf-8")
        for path in sound.docs.parent.rglob("*")
        if path.is_file()
    }
    assert len([name for name in pages if name.startswith("validations/")]) == 2
    assert len([name for name in pages if name.startswith("expectations/")]) == 2
    for name, page in pages.items():
        assert name.endswith(".html")
        assert not re.search(r"""(href|src)\s*=\s*["']?(https?:)?//""", page), name
        assert "<script" not in page and "url(" not in page and "@import" not in page
        for target in re.findall(r'href="([^"#]+)', page):
            assert (sound.docs.parent / name).parent.joinpath(target).exists(), target
    for name, page in pages.items():
        if name != "index.html":
            door = "mart" if "mart_door" in name else "raw"
            of_door = [each for each in sound.findings if each.door == door]
            assert page.count("Why it matters.") >= len(of_door), name
    # examples at the raw door are cells, never whose they are
    raw_page = next(page for name, page in pages.items() if "warehouse-raw" in name)
    assert "<td>moon_walk</td>" in raw_page


def test_a_second_audit_replaces_the_pages_and_nothing_else(built, tmp_path):
    keepsake = tmp_path / "docs" / "notes.txt"
    keepsake.parent.mkdir()
    keepsake.write_text("mine")
    copy = broken_copy(built, tmp_path, "delete from qualification.fct_mqls")
    first = audit(copy, tmp_path / "docs", doors=["mart"])
    assert not first.ok
    assert results(first)["open_mqls_are_the_qualified_contacts"] == FAILED
    assert "open_mqls_are_the_qualified_contacts: not true of" in first.text()
    page = next((tmp_path / "docs" / "validations").rglob("*.html")).read_text("utf-8")
    assert "<td>C1</td>" in page
    assert 'class="FAILED">FAILED' in first.docs.read_text("utf-8")

    second = audit(built, tmp_path / "docs", doors=["mart"])
    assert second.ok
    assert "FAILED<" not in second.docs.read_text("utf-8")
    assert len(list((tmp_path / "docs" / "validations").rglob("*.html"))) == 1
    assert keepsake.read_text() == "mine"


def test_nothing_is_asked_of_the_network_nor_left_in_the_project(
    built, tmp_path, monkeypatch
):
    def refuse(*_):
        raise AssertionError("the audit asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    report = audit(built, tmp_path / "docs", doors=["mart"])
    assert report.ok
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert not (warehouse.ROOT / "gx").exists()


def test_no_warehouse_and_an_empty_one_are_said_so(tmp_path):
    with pytest.raises(ProjectError, match="run `make build` first"):
        audit(tmp_path / "nothing.duckdb", tmp_path / "docs")
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(ProjectError, match="nothing is built"):
        audit(tmp_path / "empty.duckdb", tmp_path / "docs")


BROKEN_MARTS = {
    "ledger_scores_are_never_negative": [
        (
            "update scoring.fct_score_ledger set score_after = -1, score_before = 0,"
            f" points_applied = -1 where activity_id in ({INNER_ENTRY})"
        )
    ],
    "ledger_entries_apply_their_points": [
        (
            "update scoring.fct_score_ledger set points_due = points_due + 1"
            f" where activity_id in ({INNER_ENTRY})"
        )
    ],
    "ledger_entries_follow_one_another": [
        f"delete from scoring.fct_score_ledger where activity_id in ({INNER_ENTRY})"
    ],
    "ledger_adds_up_to_the_score": [
        (
            "delete from scoring.fct_score_ledger where contact_id = 'C2'"
            " and activity_type = 'demo_request' and product_line = 'general'"
        )
    ],
    "ledger_has_every_accepted_activity": [
        (
            "delete from scoring.fct_score_ledger where contact_id = 'C9'"
            " and entry_at = (select max(entry_at) from scoring.fct_score_ledger)"
        )
    ],
    "engagement_is_never_negative": [
        (
            "update qualification.fct_mqls set engagement_score = -0.5"
            f" where mql_id = ({ONE_MQL})"
        )
    ],
    "fit_is_within_its_bounds": [
        f"update qualification.fct_mqls set fit_score = 46 where mql_id = ({ONE_MQL})"
    ],
    "fit_is_the_sum_of_its_parts": [
        f"update scoring.fct_contact_scores set fit_score = 44 where {SOMEBODY}"
    ],
    "qualified_means_no_failing_gate": [
        f"update scoring.fct_contact_scores set failing_gate = 'Q6' where {SOMEBODY}"
    ],
    "history_intervals_meet": [
        (
            "update scoring.fct_contact_score_history set valid_from = valid_from"
            f" + interval 1 microsecond where valid_to is null and {SOMEBODY}"
        )
    ],
    "history_agrees_with_current_scores": [
        (
            "update scoring.fct_contact_score_history set engagement_score = 7"
            f" where valid_to is null and {SOMEBODY}"
        )
    ],
    "mql_spells_never_overlap": [
        (
            "update qualification.fct_mqls set ended_at = ended_at + interval 2 day"
            " where contact_id = 'C3' and end_reason = 'suppressed'"
        )
    ],
    "official_mqls_never_overlap": [
        "update qualification.fct_mqls set is_official = true"
    ],
    "open_mqls_are_the_qualified_contacts": [
        (
            "update qualification.fct_mqls set ended_at = mql_at + interval 1 hour"
            " where contact_id = 'C1' and ended_at is null"
        )
    ],
    "no_mql_while_suppressed": [
        (
            "update intermediate.int_suppressions"
            " set valid_from = valid_from - interval 1 microsecond where contact_id = 'C1'"
        )
    ],
    "no_mql_while_held": [
        (
            "insert into intermediate.int_holds by name select definition_id, contact_id,"
            " product_line, 'D1' as disposition_id, mql_at as valid_from"
            f" from qualification.fct_mqls where mql_id = ({ONE_MQL})"
        )
    ],
    "no_mql_with_an_open_opportunity": [
        (
            "insert into intermediate.int_opportunity_blocks by name select definition_id,"
            " contact_id, product_line, 'O1' as opportunity_id,"
            " mql_at - interval 1 day as valid_from, mql_at + interval 1 microsecond as"
            f" valid_to from qualification.fct_mqls where mql_id = ({ONE_MQL})"
        )
    ],
    "mqls_meet_their_thresholds": [
        f"update qualification.fct_mqls set fit_score = 5 where mql_id = ({ONE_MQL})"
    ],
    "mqls_agree_with_the_history": [
        (
            "update qualification.fct_mqls set engagement_score = engagement_score + 1"
            f" where mql_id = ({ONE_MQL})"
        )
    ],
    "account_mql_spells_never_overlap": [
        (
            "insert into qualification.fct_account_mqls select * replace"
            " (mql_at + interval 1 hour as mql_at) from qualification.fct_account_mqls"
        )
    ],
    "official_account_mqls_never_overlap": [
        "update qualification.fct_account_mqls set is_official = true"
    ],
    "open_account_mqls_are_the_qualified_accounts": [
        "delete from qualification.fct_account_mqls where ended_at is null"
    ],
    "account_mqls_have_their_number_of_people": [
        "update qualification.fct_account_mqls set engaged_contacts = 2"
    ],
    "account_scores_add_up": [
        (
            "update scoring.fct_account_scores set engagement_score ="
            " engagement_score + 1 where product_line = 'general'"
        )
    ],
    "every_official_mql_is_handed_over_once": [
        "delete from handoff.fct_mql_handoffs where contact_id = 'C1'"
    ],
    "account_mqls_are_handed_over_or_in_hand": [
        (
            "insert into handoff.fct_mql_handoffs by name select account_mql_id as"
            " handoff_id, account_mql_id as mql_id, account_id, product_line,"
            " 'account' as handoff_type, true as is_primary"
            " from qualification.fct_account_mqls where is_official"
        )
    ],
    "a_hand_over_has_one_primary_and_one_clock": [
        (
            "update handoff.fct_mql_handoffs set is_primary = false"
            " where contact_id = 'C1' and status = 'open'"
        )
    ],
    "hand_overs_of_a_contact_never_overlap": [
        (
            "update handoff.fct_mql_handoffs set closed_at = closed_at + interval 2 day"
            " where contact_id = 'C1' and status = 'withdrawn'"
        )
    ],
    "hand_over_clocks_are_consistent": [
        (
            "update handoff.fct_mql_handoffs set sla_due_at = sla_due_at"
            " + interval 1 microsecond where contact_id = 'C1' and status = 'open'"
        )
    ],
    "the_queue_is_what_is_open": [
        (
            "create or replace view handoff.fct_handoff_queue as select handoff_id,"
            " 2 as place from handoff.fct_mql_handoffs where contact_id = 'C1'"
            " and status = 'open' and is_primary"
        )
    ],
    "nobody_suppressed_is_in_hand": [
        (
            "update scoring.fct_contact_scores set is_suppressed = true"
            " where contact_id = 'C2'"
        )
    ],
    "open_hand_overs_have_a_rep": [
        (
            "update handoff.fct_mql_handoffs set rep_id = null"
            " where contact_id = 'C1' and status = 'open'"
        )
    ],
    "every_direct_request_is_handled": [
        "delete from handoff.fct_direct_requests where contact_id = 'C8'"
    ],
    "courtesy_responses_have_a_rep": [
        "update handoff.fct_direct_requests set rep_id = null where contact_id = 'C8'"
    ],
    "the_funnel_counts_every_hand_over_once": [
        (
            "delete from funnel.fct_handoff_outcomes where handoff_id ="
            " (select min(handoff_id) from funnel.fct_handoff_outcomes)"
        )
    ],
    "funnel_stages_are_ordered": [
        (
            "update funnel.fct_funnel_monthly set accepted = responded, rejected = 1"
            " where mqls > 0"
        )
    ],
    "cohorts_never_shrink": [
        "update funnel.fct_mql_cohorts set won = 1 where months_since = 0"
    ],
    "opportunities_are_credited_once": [
        "update funnel.fct_mql_funnel set opportunities = opportunities + 1"
    ],
    "closed_months_are_frozen_once": [
        "update funnel.fct_reported_months set reported_at = month + interval 30 day"
    ],
    "rates_are_within_their_bounds": [
        (
            "update definition.fct_rule_audit"
            " set opportunity_share_low = opportunity_share + 0.000001"
            " where contacts > 0"
        )
    ],
    "young_months_have_no_rates": [
        (
            "update funnel.fct_funnel_monthly set acceptance_rate = 0.0"
            " where not is_acceptance_mature"
        )
    ],
    "one_threshold_of_each_line_is_recommended": [
        (
            "update definition.fct_threshold_sweep set is_recommended = false"
            " where is_recommended and product_line = 'general'"
        )
    ],
    "what_was_never_seen_is_null": [
        (
            "update definition.fct_definition_backtest"
            " set observed_acceptance_rate = 0.0 where handed_over = 0"
        )
    ],
    "raw_rows_reconcile": [
        (
            "update quality.fct_reconciliation set rows_raw = rows_raw + 1"
            " where source_table = 'contacts'"
        )
    ],
    "quarantine_equals_its_count": ["delete from quality.fct_quarantined_records"],
    "quarantine_is_small": [
        (
            "update quality.fct_reconciliation set rows_quarantined = 101"
            " where source_table = 'activities'"
        )
    ],
    "quarantine_is_empty": [
        "update quality.fct_quarantined_records set reason = 'unknown_contact'"
    ],
    "required_tables_have_rows": [
        (
            "update quality.fct_reconciliation set rows_raw = 0"
            " where source_table = 'contacts'"
        )
    ],
    "personal_columns_are_where_they_belong": [
        "alter table qualification.fct_mqls add column contact_email varchar"
    ],
    "no_mail_address_in_an_untagged_column": [
        (
            "update qualification.fct_mqls set state = 'C1@example.org'"
            f" where mql_id = ({ONE_MQL})"
        )
    ],
    "erased_contacts_leave_no_trace": [
        (
            "update qualification.fct_mqls set contact_id = 'C0'"
            f" where mql_id = ({ONE_MQL})"
        )
    ],
}


@pytest.mark.parametrize("name", BROKEN_MARTS)
def test_one_broken_cell_of_a_mart_is_named(built, tmp_path, name):
    copy = broken_copy(built, tmp_path, *BROKEN_MARTS[name])
    with opened(copy) as connection:
        as_of = f"timestamp '{AS_OF}'"
        (check,) = (
            check for check in mart_checks(connection, as_of) if check.name == name
        )
        finding = examine(connection, "mart", check)
    assert finding.rows_violating > 0
    assert 0 < len(finding.examples) <= EXAMPLE_ROWS


OF_ONE_CONTACT = {
    "ledger_scores_are_never_negative",
    "ledger_entries_apply_their_points",
    "ledger_entries_follow_one_another",
    "history_intervals_meet",
    "no_mql_while_suppressed",
    "no_mql_while_held",
    "no_mql_with_an_open_opportunity",
    "mqls_agree_with_the_history",
}


def test_what_is_asked_of_touched_contacts_only(sound):
    asked = {each.check.name for each in sound.findings if each.check.of_one_contact}
    assert asked == OF_ONE_CONTACT


@pytest.mark.parametrize("name", sorted(OF_ONE_CONTACT))
def test_a_broken_cell_is_named_if_its_contact_was_touched(built, tmp_path, name):
    copy = broken_copy(
        built,
        tmp_path,
        *BROKEN_MARTS[name],
        "create schema touched",
        "create table touched.contacts (contact_id varchar)",
        "create table touched.others (contact_id varchar)",
    )
    whose = of_touched_contacts(copy, name)["everybody"][0]["contact_id"]
    connection = duckdb.connect(str(copy))
    connection.execute("insert into touched.others values (?)", [whose])
    connection.close()
    found = of_touched_contacts(copy, name)["touched"]
    assert found and {each["contact_id"] for each in found} == {whose}
    connection = duckdb.connect(str(copy))
    connection.execute("update touched.others set contact_id = 'somebody else'")
    connection.close()
    assert not of_touched_contacts(copy, name)["touched"]


def of_touched_contacts(copy: Path, name: str) -> dict[str, list[dict]]:
    """Examples of a check that is asked of everybody and of touched contacts."""
    found = {}
    with opened(copy) as connection, in_place_of_marts(connection, {}, True) as touched:
        for whose, asked_of in (("everybody", ""), ("touched", touched)):
            findings = examine_marts(
                connection, f"timestamp '{AS_OF}'", touched=asked_of, only=name
            )
            (found[whose],) = (each.examples for each in findings)
    return found


def test_every_check_of_the_marts_is_shown_to_bite(sound):
    of_door = {each.check.name for each in sound.findings if each.door == "mart"}
    assert of_door == BROKEN_MARTS.keys()


def raw_view(table: str, selected: str) -> list[str]:
    """Statements that put another view in the place of a raw one."""
    return [
        f"alter view crm.{table} rename to {table}_as_it_was",
        f"create view crm.{table} as select {selected} from crm.{table}_as_it_was",
    ]


BROKEN_RAW = {
    "contacts_columns_are_present": raw_view("contacts", "* exclude (npi)"),
    "activities_keys_are_not_blank": raw_view(
        "activities", "* replace (' ' as activity_id)"
    ),
    "activities_occurred_at_parses": raw_view(
        "activities", "* replace ('yesterday' as occurred_at)"
    ),
    "activities_is_machine_parses": raw_view(
        "activities", "* replace ('perhaps' as is_machine)"
    ),
    "activities_activity_type_is_known": raw_view(
        "activities", "* replace ('moon_walk' as activity_type)"
    ),
}


@pytest.mark.parametrize("name", BROKEN_RAW)
def test_a_broken_contract_of_a_raw_table_is_named(built, tmp_path, name):
    copy = broken_copy(built, tmp_path, *BROKEN_RAW[name])
    assert broken_contracts(copy) == {name}


@pytest.mark.parametrize(
    ("table", "column"),
    [("contacts", "specialty"), ("contacts", "role"), ("accounts", "facility_type")],
)
def test_words_of_people_and_places_are_reported_and_stop_nothing(
    built, tmp_path, table, column
):
    """Every row may hold one: it is scored without the word."""
    rename, _ = raw_view(table, "*")
    copy = broken_copy(
        built,
        tmp_path,
        rename,
        f"create view crm.{table} as select * replace ('astrology' as {column})"
        f" from crm.{table}_as_it_was cross join range({FEW_ROWS})",
    )
    assert broken_contracts(copy) == set()
    with opened(copy) as connection:
        found = {
            finding.check.name: finding.rows_violating
            for finding in examine_raw(connection, f"timestamp '{AS_OF}'")
        }
    assert found[f"{table}_{column}_is_known"] >= FEW_ROWS


def test_a_raw_file_that_is_gone_is_named(built, tmp_path):
    columns = ", ".join(
        f"null::varchar as {column}"
        for column in next(t for t in contract() if t.name == "accounts").columns
    )
    gone = tmp_path / "accounts.parquet"
    copy = broken_copy(
        built,
        tmp_path,
        f"copy (select {columns}) to '{gone}'",
        f"create or replace view crm.accounts as from '{gone}'",
    )
    gone.unlink()
    assert broken_contracts(copy) == {"accounts_can_be_read"}


@pytest.mark.parametrize(
    ("name", "loaded_at"),
    [
        ("activities_are_fresh", "least(loaded_at, '2025-04-07')"),
        # the newest week brings as good as nothing
        (
            "activities_volume_is_as_usual",
            "'2025-03-20'",
        ),
    ],
)
def test_a_stale_feed_and_an_unusual_week_are_warned_of(
    built, tmp_path, monkeypatch, name, loaded_at
):
    monkeypatch.setattr("mql.expectations.raw.ROWS_A_WEEK", 10)
    copy = broken_copy(
        built,
        tmp_path,
        *raw_view("activities", f"* replace ({loaded_at} as loaded_at)"),
    )
    with opened(copy) as connection:
        found = {
            finding.check.name: finding.rows_violating
            for finding in examine_raw(connection, f"timestamp '{AS_OF}'")
            if finding.check.only_warns
        }
    assert found[name] == 1
