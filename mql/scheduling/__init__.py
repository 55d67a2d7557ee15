"""Runs on a schedule, with Dagster. See docs/scheduling.md."""
