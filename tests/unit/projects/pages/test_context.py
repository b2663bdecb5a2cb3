"""The page frame's addresses: text size and language live in the address and are kept in every link."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from projects.addresses import in_language, with_query
from projects.pages.context import keep_view, site_chrome


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/", "/?view=large"),
        ("/?kind=school", "/?kind=school&view=large"),
        ("/?show=all#16/29.9/121.5", "/?show=all&view=large#16/29.9/121.5"),
        ("/?view=large", "/?view=large"),
        ("//evil.example/", "//evil.example/"),
        ("https://uri.amap.com/marker", "https://uri.amap.com/marker"),
        ("tel:0574", "tel:0574"),
        ("#main", "#main"),
    ],
)
def test_large_text_is_kept_on_our_own_addresses_only(url: str, kept: str) -> None:
    assert keep_view(url, large=True) == kept
    assert keep_view(url, large=False) == url


@pytest.mark.parametrize(
    ("path", "chinese", "english"),
    [
        ("/", "/", "/en/"),
        ("/en/", "/", "/en/"),
        ("/districts/330203/", "/districts/330203/", "/en/districts/330203/"),
        ("/en/districts/", "/districts/", "/en/districts/"),
        ("/energy/", "/energy/", "/en/energy/"),  # begins like the prefix, is not it
    ],
)
def test_the_same_page_in_the_other_language(path: str, chinese: str, english: str) -> None:
    assert in_language(path, "zh-hans") == chinese
    assert in_language(path, "en") == english


@given(st.lists(st.sampled_from(["districts", "en", "sites", "x1"]), max_size=4))
def test_switching_there_and_back_is_where_one_was(parts: list[str]) -> None:
    path = in_language("/" + "".join(f"{part}/" for part in parts), "zh-hans")
    if not path.startswith("/en/"):
        assert in_language(in_language(path, "en"), "zh-hans") == path


def test_an_empty_query_leaves_no_question_mark() -> None:
    assert with_query("/", QueryDict("")) == "/"
    assert with_query("/", QueryDict("kind=a&kind=b")) == "/?kind=a&kind=b"


def test_the_frame_knows_its_switches() -> None:
    with translation.override("zh-hans"):
        chrome = site_chrome(RequestFactory().get("/nearby/?kind=school"))["chrome"]
    assert isinstance(chrome, dict)
    assert chrome["text_size_url"] == "/nearby/?kind=school&view=large"
    assert chrome["language_url"] == "/en/nearby/?kind=school"
    with translation.override("en"):
        chrome = site_chrome(RequestFactory().get("/en/nearby/?view=large"))["chrome"]
    assert isinstance(chrome, dict)
    assert chrome["large"] is True
    assert chrome["text_size_url"] == "/en/nearby/"
    assert chrome["language_url"] == "/nearby/?view=large"


def test_the_admin_has_a_frame_of_its_own() -> None:
    assert site_chrome(RequestFactory().get("/admin/")) == {}
