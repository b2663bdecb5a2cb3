"""The lines of a round's table: what is known of each site beside what was typed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from projects.actions.lights import Judges, judges_by_indicator, without_corrected
from projects.actions.roundchecks import READ, Worked, verdict_now
from projects.admin.base import history_line
from projects.admin.roundform import FIELDS, Typed, kept
from projects.models import AuditEntry, Photo, Site, SiteReport
from projects.permissions.access import Access, Permission
from projects.readmodels.rounds import Month
from projects.rules.verdicts import Verdict
from projects.rules.vocabulary import UNDER_WAY, Light, Stage

_MOST_HISTORY = 5


@dataclass(slots=True)
class Line:
    """One site. `told`: what was reported in the month; `last`: before it. `worked`: what was typed makes."""

    site: Site
    verdict: Verdict | None
    last: SiteReport | None
    told: SiteReport | None
    photos: int
    is_editable: bool
    is_added: bool = False
    texts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    errors: Mapping[str, str] = field(default_factory=dict)
    worked: Worked | None = None
    history: Sequence[Mapping[str, Any]] = ()
    kept: str = ""
    kept_count: int = 0

    @property
    def light(self) -> Light:
        return Light.NONE if self.verdict is None else self.verdict.light

    @property
    def planned(self) -> Decimal | None:
        return None if self.verdict is None else self.verdict.planned

    @property
    def may_change_stage(self) -> bool:
        return Stage(self.site.stage) in UNDER_WAY

    @property
    def asks_words(self) -> bool:
        """Whether problem and plan are asked: by what was typed, or else by the light as it is."""
        return self.worked.asks_words if self.worked is not None and self.worked.verdict else False


def lines_of(
    access: Access, ids: Collection[int], month: Month, *, added: Collection[int] = (), in_order: bool = False
) -> list[Line]:
    """Lines of those of the sites that the reader sees, by code, or in the order of `ids`."""
    rows = (
        Site.objects.visible_to(access, Permission.SITE_VIEW_INTERNAL)
        .filter(pk__in=ids)
        .select_related("kind", "managed_by", "located_in")
        .prefetch_related(*READ, "reports__recorded_by")
        .order_by("code")
    )
    editable = set(
        Site.objects.visible_to(access, Permission.SITE_REPORT)
        .filter(pk__in=ids)
        .values_list("pk", flat=True)
    )
    judges = judges_by_indicator()
    lines = [_line(site, judges, month, site.pk in editable, site.pk in added) for site in rows]
    counted: dict[int, int] = {}
    for report_id in (
        Photo.objects.evidence()
        .filter(report__in=[line.told.pk for line in lines if line.told is not None])
        .values_list("report_id", flat=True)
    ):
        assert report_id is not None
        counted[report_id] = counted.get(report_id, 0) + 1
    for line in lines:
        if line.told is not None:
            line.photos = counted.get(line.told.pk, 0)
    if in_order:
        place = {pk: number for number, pk in enumerate(ids)}
        lines.sort(key=lambda line: place[line.site.pk])
    return lines


def _line(site: Site, judges: Judges, month: Month, is_editable: bool, is_added: bool) -> Line:
    standing = [each for each in without_corrected(site.reports.all()) if each.as_of <= month.day]
    told = [each for each in standing if each.as_of >= month.first]
    before = [each for each in standing if each.as_of < month.first]
    return Line(
        site,
        verdict_now(site, judges, month.day),
        before[-1] if before else None,
        told[-1] if told else None,
        0,
        is_editable,
        is_added,
    )


def with_typed(
    request: HttpRequest,
    lines: Iterable[Line],
    typed: Iterable[Typed],
    refused: Mapping[int, Mapping[str, str]],
    worked: Mapping[int, Worked],
) -> None:
    """Put what was typed, what is wrong with it and what it would give beside what is known."""
    by_site = {each.site_id: each for each in typed}
    for line in lines:
        each = by_site.get(line.site.pk)
        if each is None:
            continue
        line.texts, line.worked = each.texts, worked.get(line.site.pk)
        of_preview = line.worked.errors if line.worked is not None else {}
        found = {**of_preview, **each.errors, **refused.get(line.site.pk, {})}
        # Templates have no word for the whole row.
        line.errors = {name or "row": text for name, text in found.items()}
        if each.is_filled and each.version not in (-1, line.site.version):
            line.history = _since(line.site, request.POST.get(f"r-{line.site.pk}-seen", ""))
        if each.photos:
            line.kept, line.kept_count = kept(request, each.photos), len(each.photos)


def _since(site: Site, seen: str) -> list[Mapping[str, Any]]:
    """What was done to a site after the change that the page had seen."""
    if not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        return []
    entries = AuditEntry.objects.filter(
        subject_type="site", subject_id=str(site.pk), seq__gt=int(seen)
    ).select_related("actor")
    return [history_line(Site, entry) for entry in entries.order_by("-seq")[:_MOST_HISTORY]]
