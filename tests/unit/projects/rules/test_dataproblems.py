"""One table of cases: what is doubtful about a site, and what is not."""

import datetime as dt
from typing import Any

import pytest

from projects.rules.dataproblems import Problem, SiteFacts, is_phone, name_key, problems
from projects.rules.vocabulary import Publication, Service, Stage

TODAY = dt.date(2024, 6, 30)
PUBLIC: dict[str, Any] = {"publication": Publication.PUBLISHED}


def facts(stage: Stage, service: Service = Service.UNKNOWN, **more: Any) -> SiteFacts:
    return SiteFacts(**{"stage": stage, "service": service, "publication": Publication.DRAFT, **more})


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (facts(Stage.FINISHED, Service.OPEN), []),
        (facts(Stage.PLANNED), []),
        # Open before it is built: all three stages under way; closed ones are nobody's worry.
        (facts(Stage.PLANNED, Service.OPEN), [Problem.OPEN_EARLY]),
        (facts(Stage.BUILDING, Service.OPEN), [Problem.OPEN_EARLY]),
        (facts(Stage.BUILDING, Service.CLOSED), []),
        (facts(Stage.CANCELLED, Service.OPEN), [Problem.STOPPED_OPEN]),
        (facts(Stage.SUSPENDED, Service.CLOSED_TEMPORARILY), []),
        # Dates of what counts; existing stock has none and needs none.
        (facts(Stage.FINISHED, counts=True), [Problem.UNDATED]),
        (facts(Stage.VERIFIED, counts=True, finished_on=TODAY), []),
        (facts(Stage.FINISHED), []),
        (facts(Stage.BUILDING, counts=True), [Problem.UNPLANNED]),
        (facts(Stage.BUILDING, counts=True, has_plan=True), []),
        # Under way and public, and in nobody's figures; a draft may still become so.
        (facts(Stage.BUILDING, **PUBLIC), [Problem.UNCOUNTED]),
        (facts(Stage.BUILDING), []),
        (facts(Stage.FINISHED, Service.OPEN, **PUBLIC), []),
        # To the day: 183 days are enough, 184 are too long.
        (facts(Stage.FINISHED, Service.OPEN, service_checked_on=TODAY - dt.timedelta(183), **PUBLIC), []),
        (
            facts(Stage.FINISHED, Service.OPEN, service_checked_on=TODAY - dt.timedelta(184), **PUBLIC),
            [Problem.STALE],
        ),
        (facts(Stage.FINISHED, Service.CLOSED, service_checked_on=dt.date(2020, 1, 1), **PUBLIC), []),
        (facts(Stage.FINISHED, Service.OPEN, service_checked_on=dt.date(2020, 1, 1)), []),
        (facts(Stage.BUILDING, started_on=dt.date(2024, 7, 1)), [Problem.FUTURE]),
        (facts(Stage.FINISHED, finished_on=TODAY), []),
        (facts(Stage.FINISHED, phone="见门口告示"), [Problem.PHONE]),
        (facts(Stage.FINISHED, attributes=("座位数",)), [Problem.ATTRIBUTES]),
        (
            facts(Stage.FINISHED, is_outside=True, is_apart=True, has_twin=True),
            [Problem.OUTSIDE, Problem.APART, Problem.TWIN],
        ),
    ],
)
def test_what_is_doubtful(site: SiteFacts, expected: list[Problem]) -> None:
    found = list(problems(site, TODAY))
    assert [problem for problem, _sentence in found] == expected
    for _problem, sentence in found:
        said = sentence.chinese()
        assert said.endswith(("。", "?")) and "{" not in said


@pytest.mark.parametrize(
    "text",
    ["0574-87654321", "0574 8765 4321", "(0574)87654321", "+86 574 87654321".replace("+86 ", "0"), "13800138000",
     "86 13800138000", "+86-13800138000", "400-880-1234", "12345", "110", "95598", "87654321", "8765432",
     "0574-87654321转802", "0574-87654321 分机 8", "87654321、13800138000", "87654321/87654322", "0574-87654321",
     "010-12345678"],
)  # fmt: skip
def test_numbers_that_can_be_dialled(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize(
    "text",
    ["见门口", "1234", "138001380001", "1380013800", "0574-876543", "-", "转802", "87654321转", "12345678901234567890",
     "87654321、无", "a" * 40, "1.3800138e10"],
)  # fmt: skip
def test_numbers_that_cannot(text: str) -> None:
    assert is_phone(text) is (text == "87654321转")


def test_names_are_compared_without_what_people_write_differently() -> None:
    assert name_key("东胜 助餐点(一)") == name_key("东胜助餐点(一)")
    assert name_key("A-1站") == name_key("a1站") != name_key("a2站")
    assert name_key("——") == ""
