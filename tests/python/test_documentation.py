"""What the project says of itself: every column described, personal data tagged."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

import warehouse

# Columns that name, reach or describe a person, wherever they occur.
PERSONAL = {
    "email",
    "first_name",
    "job_title",
    "last_name",
    "npi",
    "phone",
    "raw_record",
    "reason_text",
    "rejection_text",
    "record_order",
    "rep_email",
    "rep_name",
}
# The only models that store them (the others are views); each with its reason.
STORES = {
    "dim_contacts": "the one place for names and addresses",
    "fct_quarantined_records": "the refused row as it arrived, for who mends it",
    "int_refused_activities": "activities pass the door once; fct_quarantined_records reads it",
    "int_refused_contacts": "the same of contacts",
    "int_dispositions": "what the rep wrote, until the hand-over reads it",
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    """dbt's manifest of the project."""
    folder = tmp_path_factory.mktemp("manifest")
    warehouse.dbt("parse", raw=folder, warehouse=folder / "warehouse.duckdb")
    return json.loads((folder / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest) -> dict[str, dict]:
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


def test_every_model_has_its_yaml_beside_it_and_says_what_a_row_is(models):
    for name, model in models.items():
        sql = Path(model["original_file_path"])
        assert model["patch_path"], f"{name} has no YAML"
        assert model["patch_path"].endswith(str(sql.with_suffix(".yml"))), name
        last_sentence = model["description"].strip().split(". ")[-1]
        assert last_sentence.startswith("One row per "), name


def test_every_column_of_every_model_and_seed_is_described(manifest):
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node["resource_type"] in ("model", "seed", "source"):
            assert node["columns"], node["name"]
            for column in node["columns"].values():
                assert column["description"], f"{node['name']}.{column['name']}"


def test_marts_have_enforced_contracts_with_a_type_for_each_column(models):
    marts = {
        name: model
        for name, model in models.items()
        if model["original_file_path"].startswith("models/marts/")
    }
    assert len(marts) >= 10
    for name, model in marts.items():
        assert model["config"]["contract"]["enforced"], name
        assert all(column["data_type"] for column in model["columns"].values()), name


def tagged(node: dict) -> set[str]:
    return {
        column["name"]
        for column in node["columns"].values()
        if column["config"].get("meta", {}).get("pii") is True
    }


def test_personal_columns_are_tagged_everywhere_and_nothing_else_is(manifest):
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node["resource_type"] in ("model", "source"):
            personal = {
                name
                for name in node["columns"]
                if name in PERSONAL or name.removeprefix("raw_") in PERSONAL
            }
            assert tagged(node) == personal, node["name"]


def test_personal_data_is_stored_in_as_few_models_as_possible(models):
    stores = {
        name
        for name, model in models.items()
        if tagged(model) and not model["config"]["materialized"].startswith("view")
    }
    assert stores == set(STORES)


def test_what_timelines_are_made_of_is_there_before_them(models):
    """Members of an account get a timeline from stored rows, laid beside the touched
    ones just before int_timelines: whatever is built later would miss them (0011)."""

    def by_contact(name: str) -> bool:
        return models[name]["config"]["materialized"].endswith("_by_contact")

    def parents(name: str) -> set[str]:
        nodes = models[name]["depends_on"]["nodes"]
        return {node.split(".")[-1] for node in nodes if node.startswith("model.")}

    def ancestors(name: str) -> set[str]:
        found = set()
        open_ones = parents(name)
        while open_ones:
            found |= open_ones
            open_ones = set().union(*map(parents, open_ones)) - found
        return found

    before = ancestors("int_timelines")
    late = {
        (name, parent)
        for name in filter(by_contact, models)
        if "int_timelines" in (above := ancestors(name))
        for parent in filter(by_contact, above - before - {"int_timelines"})
        if models[parent]["config"]["materialized"] == "table_by_contact"
        and "int_timelines" not in ancestors(parent)
    }
    assert not late


def test_every_var_that_changes_an_answer_makes_the_next_build_full(manifest):
    """But where the raw rows are, and up to when they are read (0011)."""
    project = yaml.safe_load((warehouse.ROOT / "dbt_project.yml").read_text())
    compared = manifest["macros"]["macro.mql.settings"]["macro_sql"]
    named = set(re.findall(r"'([a-z_]+)'", compared))
    assert named == set(project["vars"]) - {"as_of", "sample_as_of", "raw_schema"}
