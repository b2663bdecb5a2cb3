"""What the addresses of district pages and of their files say: which area, which year, which two clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.http import Http404, HttpRequest
from django.utils import translation

from projects.addresses import with_query
from projects.pages.clocking import clock_words
from projects.readmodels.choosing import asked_programme, choosable_programmes
from projects.readmodels.clocks import Clocks, as_text, asked_clocks, recorded_moment
from projects.readmodels.districts import governing_programmes
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import Area, ProgrammeWords

#: Words of every address here; `view` is the text size.
DISTRICT_WORDS = frozenset({"as_of", "known_at", "programme", "view"})


@dataclass(frozen=True, slots=True)
class AskedYear:
    """The programme and the clocks of an address, and the programmes that it might have named."""

    programme: ProgrammeWords
    clocks: Clocks
    choices: tuple[ProgrammeWords, ...]


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
    known = asked.clocks.known_at or recorded_moment(held)
    words = clock_words(asked.clocks, as_text(known) if known else "")
    if "programme" in request.GET:
        words["programme"] = asked.programme.key
    return request.build_absolute_uri(with_query(path, words))


def kept_words(request: HttpRequest, names: Sequence[str]) -> list[tuple[str, str]]:
    """Words of the address that a form hands on."""
    return [(name, value) for name in names if (value := request.GET.get(name))]


def withheld(held: Snapshot, area: Area | None = None) -> ProgrammeWords | None:
    """The newest published programme when none of them publishes its progress."""
    rows = governing_programmes(held, area)
    return rows[0] if rows and not any(row.publishes_progress for row in rows) else None


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
