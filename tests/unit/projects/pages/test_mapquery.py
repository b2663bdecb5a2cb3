"""The map page's words: `show` as filters, and the address with one filter less."""

import pytest
from django.http import QueryDict

from projects.pages.mapquery import next_page, showing, without
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.vocabulary import Service, Stage


@pytest.mark.parametrize(
    ("show", "stages", "services"),
    [
        ("open", set(), {Service.OPEN}),
        ("building", {Stage.PLANNED, Stage.SITED, Stage.BUILDING}, set()),
        ("all", set(), set()),
    ],
)
def test_show_is_a_shorthand_for_stage_and_service(
    show: str, stages: set[Stage], services: set[Service]
) -> None:
    found = showing(SiteFilter(q="学校"), show)
    assert (set(found.stages), set(found.services), found.q) == (stages, services, "学校")


@pytest.mark.parametrize(
    ("query", "word", "value", "left"),
    [
        ("kind=a&kind=b", "kind", "a", "/?kind=b"),
        ("kind=a,b&view=large", "kind", "a", "/?kind=b&view=large"),
        ("division=330203", "division", "330203", "/"),
        ("q=x&after=50", "q", None, "/"),
        ("kind=a&after=50&show=all", "kind", "a", "/?show=all"),
    ],
)
def test_one_filter_less(query: str, word: str, value: str | None, left: str) -> None:
    assert without(QueryDict(query), "/", word, value) == left


def test_the_next_page_keeps_the_filters() -> None:
    assert next_page(QueryDict("kind=a&after=50"), "/en/", 99) == "/en/?kind=a&after=99"
    assert next_page(QueryDict("kind=a"), "/", None) == ""
