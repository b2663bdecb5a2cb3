"""How the figures are made: generated from the rules and from the policy in force. Public, no cookie."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from projects.pages.caching import public_page
from projects.pages.refusing import refused
from projects.readmodels.calendar import calendar_years, working_calendar
from projects.readmodels.districts import public_programmes
from projects.readmodels.policies import policy_in_force
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError, Query, check_words, single
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.calendar import library_years
from projects.rules.methodology import methodology

WORDS = ("programme", "view")
#: Years before the first programme that the calendar lists.
YEARS_BEFORE = 1


@public_page
def methodology_page(request: HttpRequest) -> HttpResponse:
    """The figures' formulas, the thresholds of the programme's policy, worked examples."""
    held = snapshot()
    programmes = public_programmes(held)
    try:
        programme = _asked(request.GET, programmes)
    except FilterError as error:
        return refused(request, error)
    in_force = None if programme is None else policy_in_force(programme)
    return render(
        request,
        "projects/methodology.html",
        {
            "crumbs": [(_("地图"), reverse("map")), (_("口径说明"), "")],
            "programme": programme,
            "programmes": programmes,
            "in_force": in_force,
            "figures": methodology(None if in_force is None else in_force.policy),
            "years": _years(held),
        },
    )


def _asked(query: Query, programmes: list[ProgrammeWords]) -> ProgrammeWords | None:
    """The programme asked for, by default the newest. FilterError for an unknown one or another word."""
    check_words(query, WORDS)
    key = (single(query, "programme") or "").strip()
    if not key:
        return programmes[0] if programmes else None
    for programme in programmes:
        if programme.key == key:
            return programme
    raise FilterError("programme", gettext_noop("没有名为“%(key)s”的年度民生实事。"), key=key[:40])


def _years(held: Snapshot) -> object:
    """From before the oldest programme to the first year that nobody has announced."""
    years = [programme.year for programme in held.vocabulary.programmes.values()] or [date.today().year]
    last = max([*library_years(), *years]) + 1
    return calendar_years(working_calendar(), min(years) - YEARS_BEFORE, last)
