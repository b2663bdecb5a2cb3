"""The words of /nearby/: where from, of which kind, in which county."""

from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict
from django.utils import translation

from projects.pages.mapquery import OPEN, Choice, linked, showing, without_strangers
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitelists import SitePage, SiteRow, list_sites
from projects.readmodels.sitequeries import SiteFilter, parse_degrees, parse_filters, parse_whole, single
from projects.readmodels.vocabulary import map_vocabulary

PAGE_SIZE: Final = 30
#: Places offered when several go by the name that was typed.
PLACES: Final = 5
FILTER_WORDS: Final = frozenset({"kind", "division", "area", "indicator", "project"})
#: Filters that only a link sets; the form keeps them.
LINKED: Final = frozenset({"area", "indicator", "project"})
OWN_WORDS: Final = frozenset({"lon", "lat", "q", "after", "show", "view"})


@dataclass(frozen=True)
class NearbyForm:
    """The form and what it found. `places` go by the name in `q`; the first is the starting point."""

    kinds: tuple[Choice, ...]
    divisions: tuple[Choice, ...]
    q: str
    lon: str
    lat: str
    everything: bool
    places: tuple[SiteRow, ...]
    nothing_named: bool
    page: SitePage
    asked: bool
    #: (word, value, label) of the filters that came by a link.
    links: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def refused(cls, query: QueryDict, held: Snapshot) -> "NearbyForm":
        """The whole list, with what was typed still in its fields."""
        q, lon, lat = (query.get(word, "")[:60] for word in ("q", "lon", "lat"))
        return replace(find_nearby(QueryDict(), held), q=q, lon=lon, lat=lat)


def find_nearby(query: QueryDict, held: Snapshot) -> NearbyForm:
    """Raises FilterError. A position wins over a place name; without either the list has no distances."""
    query = without_strangers(query, FILTER_WORDS | OWN_WORDS)
    sites = parse_filters(query, allowed=FILTER_WORDS, others=OWN_WORDS, vocabulary=held.vocabulary)
    everything = single(query, "show") == "all"
    shown = sites if everything else showing(sites, OPEN)
    q = (single(query, "q") or "").strip()[:60]
    lon, lat = single(query, "lon") or "", single(query, "lat") or ""
    after = parse_whole(query, "after", default=0, low=0, high=2**62) or None
    places: tuple[SiteRow, ...] = ()
    centre = None
    if lon.strip() or lat.strip():
        centre = (parse_degrees(query, "lon", limit=180), parse_degrees(query, "lat", limit=90))
    elif q:
        named = replace(SiteFilter(q=q), divisions=sites.divisions)
        places = list_sites(named, limit=PLACES, held=held).rows
        if places:
            centre = (places[0].lon, places[0].lat)
    return NearbyForm(
        kinds=tuple(_options(held, "kinds", "slug", sites.kinds)),
        divisions=tuple(_options(held, "divisions", "code", sites.divisions)),
        q=q,
        lon=lon,
        lat=lat,
        everything=everything,
        places=places,
        nothing_named=bool(q) and not places and centre is None,
        page=list_sites(shown, limit=PAGE_SIZE, after=after, centre=centre, held=held),
        asked=centre is not None or any((sites.divisions, sites.areas, sites.indicators, sites.projects)),
        links=tuple(each for each in linked(sites, held) if each[0] in LINKED),
    )


def _options(held: Snapshot, words: str, key: str, chosen: frozenset[str]) -> list[Choice]:
    rows = map_vocabulary(translation.get_language() or "zh-hans", held.vocabulary)[words]
    assert isinstance(rows, list)
    return [Choice(row[key], row["name"], row[key] in chosen) for row in rows]
