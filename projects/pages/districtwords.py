"""What the addresses of district pages and of their files say: which area, which year, which two clocks."""

from dataclasses import dataclass
from typing import Protocol

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from projects.addresses import with_query
from projects.readmodels.choosing import asked_programme, choosable_programmes
from projects.readmodels.clocks import Clocks, as_text, asked_clocks, recorded_moment
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import FilterError
from projects.readmodels.vocabulary import Area, ProgrammeWords

#: Words of every address here; `view` is the text size.
DISTRICT_WORDS = frozenset({"as_of", "known_at", "programme", "view"})


@dataclass(frozen=True, slots=True)
class AskedYear:
    """The programme and the clocks of an address, and the programmes that it might have named."""

    programme: ProgrammeWords
    clocks: Clocks
    choices: tuple[ProgrammeWords, ...]

    @property
    def past_cutoff(self) -> bool:
        """Nobody was asked to report yet what came after the cut-off."""
        return self.clocks.as_of > self.programme.cutoff


def asked_year(request: HttpRequest, held: Snapshot, area: Area | None = None) -> AskedYear | None:
    """None where no programme publishes its progress. Raises FilterError."""
    programme = asked_programme(request.GET, held, area)
    if programme is None:
        return None
    choices = tuple(choosable_programmes(held, area))
    return AskedYear(programme, asked_clocks(request.GET, programme), choices)


def area_or_404(code: str, held: Snapshot) -> Area:
    """The area of a code; Http404 for one that there is not."""
    area = held.vocabulary.area_by_code.get(code)
    if area is None:
        raise Http404
    return area


def lasting_address(request: HttpRequest, path: str, asked: AskedYear, held: Snapshot) -> str:
    """The whole address of a page with its pair of clocks: it will show these very figures for ever."""
    words = request.GET.copy()
    words["as_of"] = asked.clocks.as_of.isoformat()
    known = asked.clocks.known_at or recorded_moment(held)
    if known is not None:
        words["known_at"] = as_text(known)
    for word in ("view", "page", "table"):
        words.pop(word, None)
    return request.build_absolute_uri(with_query(path, words))


def refused(request: HttpRequest, error: FilterError) -> HttpResponse:
    """A bad word in the address: one sentence that says what is allowed."""
    context = {"sentence": error.message(), "status": 400}
    return render(request, "error.html", context, status=400)


class Named(Protocol):
    """Whatever has a name in both languages."""

    @property
    def name_zh(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def local_name(row: Named) -> str:
    """In the language of this page."""
    english = (translation.get_language() or "").startswith("en")
    return (row.name_en or row.name_zh) if english else row.name_zh
