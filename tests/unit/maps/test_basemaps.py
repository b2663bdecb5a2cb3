"""The registry of basemaps: what each makes of the settings, and which settings make none."""

import pytest

from maps.basemaps import REGISTRY, BasemapError, BasemapSettings, basemap_for


def test_the_default_asks_nothing_of_any_host() -> None:
    basemap = basemap_for(BasemapSettings())
    assert (basemap.name, basemap.sources, basemap.hosts, basemap.credit) == ("none", (), (), "")


def test_tianditu_has_map_and_labels_with_the_key_and_a_review_number() -> None:
    basemap = basemap_for(BasemapSettings("tianditu", key="k123", review_number="GS(0000)0号"))
    assert [source.url.split("LAYER=")[1][:3] for source in basemap.sources] == ["vec", "cva"]
    assert all("tk=k123" in source.url and "{s}" in source.url for source in basemap.sources)
    assert basemap.hosts == tuple(f"https://t{n}.tianditu.gov.cn" for n in range(8))
    assert basemap.datum == "wgs84"
    assert "天地图" in basemap.credit
    assert "GS(0000)0号" in basemap.credit
    assert basemap_for(BasemapSettings("tianditu", key="k")).review_number == ""  # never one from memory


def test_a_gcj02_service_says_so() -> None:
    basemap = basemap_for(
        BasemapSettings("xyz", url="https://{s}.example/{z}/{x}/{y}.png", attribution="甲图", datum="gcj02")
    )
    assert basemap.datum == "gcj02"
    assert basemap.hosts == ("https://a.example", "https://b.example", "https://c.example")


def test_an_address_without_subdomains_has_one_host() -> None:
    basemap = basemap_for(
        BasemapSettings("xyz", url="https://tiles.example:8443/{z}/{x}/{y}.png", attribution="甲图")
    )
    assert basemap.hosts == ("https://tiles.example:8443",)


@pytest.mark.parametrize(
    ("configured", "named"),
    [
        (BasemapSettings("gaode"), "BASEMAP"),
        (BasemapSettings("tianditu"), "TIANDITU_KEY"),
        (BasemapSettings("xyz", attribution="甲图"), "BASEMAP_URL"),
        (BasemapSettings("xyz", url="https://tiles.example/{z}/{x}.png", attribution="甲图"), "BASEMAP_URL"),
        (
            BasemapSettings("xyz", url="https://t/{z}/{x}/{y}", attribution="甲图", datum="bd09"),
            "BASEMAP_DATUM",
        ),
        (BasemapSettings("xyz", url="https://t/{z}/{x}/{y}"), "BASEMAP_ATTRIBUTION"),
    ],
)
def test_what_makes_no_map_is_refused_by_the_name_of_the_setting(
    configured: BasemapSettings, named: str
) -> None:
    with pytest.raises(BasemapError, match=named):
        basemap_for(configured)


def test_every_entry_of_the_registry_makes_a_basemap_of_its_own_name() -> None:
    complete = {
        "key": "k",
        "url": "https://t/{z}/{x}/{y}",
        "attribution": "甲图",
    }
    assert {name: basemap_for(BasemapSettings(name, **complete)).name for name in REGISTRY} == {
        name: name for name in REGISTRY
    }
