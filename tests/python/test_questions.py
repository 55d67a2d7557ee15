"""The questions of analyses/ run, and say what they found in plain words."""

from __future__ import annotations

import pytest

from mql.questions import FOLDER, about, questions

VERDICTS = ("too little data", "likely: ", "no difference to be seen")
# The guide's own questions, which end in a verdict.
COMPARISONS = ("fit_and_deal_size", "specialties_and_speed", "webinars_or_downloads")


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.sql")))
def test_every_question_is_one_and_is_answered(good_run, name):
    assert questions()[name].endswith("?")
    asked = good_run.start("ask", name)
    assert asked.end() == 0, asked.text
    assert asked.text.startswith(about(name))
    if name in COMPARISONS and "Nothing to tell yet" not in asked.text:
        assert "verdict" in asked.text
        assert any(verdict in asked.text for verdict in VERDICTS)


def test_a_question_nobody_knows_is_one_clear_message(good_run):
    asked = good_run.start("ask", "why_not")
    assert asked.end() == 1
    assert "there is no question 'why_not'" in asked.text
    assert "webinars_or_downloads" in asked.text


def test_without_a_name_the_questions_are_listed(good_run):
    asked = good_run.start("ask")
    assert asked.end() == 0
    for name, question in questions().items():
        assert name in asked.text and question in asked.text
