"""/api/staff/v1/supervision/: lights, months and reports beside counts, of what one may see."""

from typing import Any, ClassVar

import orjson
from django.http import HttpRequest, HttpResponse

from projects.api.staff import StaffView
from projects.models import Programme
from projects.readmodels.clocks import CLOCK_WORDS, Clocks, as_text, asked_clocks
from projects.readmodels.divergences import divergences
from projects.readmodels.monthtables import month_tables
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError, check_words, single
from projects.readmodels.subjectjson import comparison_json, light_json, months_json
from projects.readmodels.subjectlights import subject_lights
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.vocabulary import Light, Subject, Word

_UNKNOWN = "参数“%(word)s”的值“%(value)s”不存在。"


class _Asked(StaffView):
    """`held`: as fresh as the person's own edit. `programme` defaults to the one that governs."""

    own_words: ClassVar[frozenset[str]]

    def asked(self, request: HttpRequest) -> tuple[ProgrammeWords, Clocks, Snapshot]:
        """Raises FilterError for a word or a value that is not known."""
        check_words(request.GET, {"programme"} | CLOCK_WORDS | self.own_words)
        held = snapshot(fresh=True)
        programme = _programme(held, single(request.GET, "programme"))
        return programme, asked_clocks(request.GET, programme), held


class SubjectList(_Asked):
    """Lights on a day of indicators in divisions, divisions, projects and money, and their closed months."""

    own_words: ClassVar = frozenset({"kind", "division", "indicator", "light", "subject"})

    def get(self, request: HttpRequest) -> HttpResponse:
        programme, clocks, held = self.asked(request)
        words = held.vocabulary
        kinds = _words(request, "kind", Subject)
        shown = _words(request, "light", Light)
        division = single(request.GET, "division")
        if division is not None and division not in words.area_by_code:
            raise FilterError("division", _UNKNOWN, word="division", value=division[:60])
        indicator = single(request.GET, "indicator")
        codes = {row.code: row.pk for row in words.indicators.values() if row.programme_id == programme.pk}
        if indicator is not None and indicator not in codes:
            raise FilterError("indicator", _UNKNOWN, word="indicator", value=indicator[:60])
        subject = single(request.GET, "subject") or ""
        division_id = words.area_by_code[division].pk if division is not None else None
        lights = subject_lights(
            programme.pk,
            clocks,
            access=self.access,
            kinds=kinds,
            division_id=division_id,
            indicator_id=codes[indicator] if indicator is not None else None,
            subject=subject,
        )
        lights = [row for row in lights if not shown or row.light in shown]
        keys = {row.subject.key for row in lights}
        tables = month_tables(programme.pk, clocks, access=self.access, division_id=division_id)
        return _answer(
            programme,
            clocks,
            {
                "lights": [light_json(row) for row in lights],
                "months": [months_json(table) for table in tables if table.subject.key in keys],
            },
        )


class DivergenceList(_Asked):
    """Reported beside counted progress, the widest gaps first."""

    own_words: ClassVar = frozenset()

    def get(self, request: HttpRequest) -> HttpResponse:
        programme, clocks, _held = self.asked(request)
        row = Programme.objects.select_related("policy").get(pk=programme.pk)
        found = divergences(row, clocks, access=self.access)
        return _answer(programme, clocks, comparison_json(found))


def _programme(held: Snapshot, key: str | None) -> ProgrammeWords:
    rows = held.vocabulary.programmes.values()
    if key is None:
        found = max(rows, key=lambda row: row.rank, default=None)
    else:
        found = next((row for row in rows if row.key == key), None)
    if found is None:
        raise FilterError("programme", _UNKNOWN, word="programme", value=(key or "")[:60])
    return found


def _words(request: HttpRequest, word: str, kind: type[Word]) -> set[Any]:
    given = {part for value in request.GET.getlist(word) for part in value.split(",") if part}
    for part in sorted(given):
        if part not in set(kind):
            raise FilterError(word, _UNKNOWN, word=word, value=part[:60])
    return {kind(part) for part in given}


def _answer(programme: ProgrammeWords, clocks: Clocks, body: dict[str, Any]) -> HttpResponse:
    known = as_text(clocks.known_at) if clocks.known_at else None
    head = {"programme": programme.key, "as_of": clocks.as_of.isoformat(), "known_at": known}
    return HttpResponse(orjson.dumps({**head, **body}), content_type="application/json")
