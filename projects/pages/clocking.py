"""What a page of figures says about its two clocks, and the address that gives its figures again.

Any page of figures takes `clock_context` into its context and includes `parts/day-form.html` and
`parts/cite.html`; links to other pages of figures go through `{% clocked url %}`.
"""

from django.http import HttpRequest, QueryDict

from projects.addresses import with_query
from projects.readmodels.clocks import Clocks, as_text, recorded_moment
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords


def clock_context(
    request: HttpRequest, clocks: Clocks, programme: ProgrammeWords, held: Snapshot
) -> dict[str, object]:
    """`clocks`; `known_text` (empty: now); `now_url` and `cutoff_url` without one clock; `pair_url`.

    `pair_url` carries both clocks: it gives exactly this page again, whatever is corrected later.
    """
    moment = clocks.known_at or recorded_moment(held)
    pair = clock_words(clocks, "" if moment is None else as_text(moment))
    return {
        "clocks": clocks,
        "known_text": as_text(clocks.known_at) if clocks.known_at is not None else "",
        "known_moment": moment,
        "now_url": _without(request, "known_at"),
        "cutoff_url": _without(request, "as_of"),
        "pair_url": with_query(request.path, _merged(request, pair)),
        "pair_words": pair.urlencode(),
        "past_cutoff": clocks.as_of > programme.cutoff,
    }


def clock_words(clocks: Clocks, known: str) -> QueryDict:
    """The two clocks as words of an address."""
    words = QueryDict(mutable=True)
    words["as_of"] = clocks.as_of.isoformat()
    if known:
        words["known_at"] = known
    return words


def _merged(request: HttpRequest, pair: QueryDict) -> QueryDict:
    words = request.GET.copy()
    for name, value in pair.items():
        words[name] = str(value)
    return words


def _without(request: HttpRequest, name: str) -> str:
    words = request.GET.copy()
    words.pop(name, None)
    return with_query(request.path, words)
