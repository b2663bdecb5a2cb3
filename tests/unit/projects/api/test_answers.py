"""Finished answers are kept for one state, within bounds, packed for those who take it."""

import gzip

import pytest

from projects.api import answers
from projects.api.answers import Answer, KeptAnswers

LONG = b'{"a":' + b"1" * 3_000 + b"}"


def test_an_answer_is_of_its_state_and_address_alone() -> None:
    kept = KeptAnswers()
    kept.put("e-1", ("/a", ""), Answer(b"1", "application/json"))
    assert kept.get("e-1", ("/a", "")) is not None
    assert kept.get("e-1", ("/a", "x=1")) is None
    assert kept.get("e-2", ("/a", "")) is None
    kept.put("e-2", ("/b", ""), Answer(b"2", "application/json"))
    assert kept.get("e-1", ("/a", "")) is None
    assert len(kept) == 1


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_BYTES", 3 * Answer(LONG, "x").size)
    kept = KeptAnswers()
    for name in "abc":
        kept.put("s", (name, ""), Answer(LONG, "x"))
    assert kept.get("s", ("a", "")) is not None
    kept.put("s", ("d", ""), Answer(LONG, "x"))
    assert [name for name in "abcd" if kept.get("s", (name, ""))] == ["a", "c", "d"]
    for _ in range(50):  # put again under the same name, it is counted once
        kept.put("s", ("d", ""), Answer(LONG, "x"))
    assert len(kept) == 3


def test_large_answers_and_long_addresses_are_not_kept() -> None:
    kept = KeptAnswers()
    kept.put("s", ("a", ""), Answer(b"x" * (answers.MAX_ANSWER + 1), "x"))
    kept.put("s", ("b", "q=" + "x" * 1_000), Answer(b"x", "x"))
    assert len(kept) == 0


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
    ],
)
def test_long_answers_are_packed_for_those_who_take_it(accepts: str, packed: bool) -> None:
    for first in ("", "gzip"):
        answer = Answer(LONG, "application/json", first)
        assert (answer.size < 1_000) == (first == "gzip")
        response = answer.response(accepts)
        assert response.headers.get("Content-Encoding") == ("gzip" if packed else None)
        assert (gzip.decompress(response.content) if packed else response.content) == LONG
        assert response["Vary"] == "Accept-Encoding"


def test_short_answers_are_sent_as_they_are() -> None:
    response = Answer(b"{}", "application/json").response("gzip")
    assert (response.content, response.headers.get("Content-Encoding")) == (b"{}", None)
