"""The monthly round (月度填报): each district's progress, and the table that saves as one action."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import Case, Exists, OuterRef, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from projects.actions.errors import ActionError, Invalid
from projects.actions.roundchecks import Worked
from projects.actions.rounddrafts import RoundRefused
from projects.actions.rounds import preview_round, report_round
from projects.admin import drafts
from projects.admin.correcting import asked_for, offer
from projects.admin.photouploads import ACCEPT
from projects.admin.roundform import STAGES, Typed, as_of_in, posted_ids, typed_rows
from projects.admin.roundlines import Line, lines_of, with_typed
from projects.admin.scope import access_for
from projects.admin.sitelist import search_sites
from projects.models import Division, LightSpan, Site
from projects.permissions.access import Access, Permission, holds
from projects.querysets.sites import SiteQuerySet
from projects.readmodels.rounds import (
    DistrictRound,
    Month,
    districts_of_round,
    due_sites,
    month_due,
    months_offered,
    reported_in,
    townships_of,
    within,
)
from projects.readmodels.sentences import said
from projects.rules.vocabulary import Light

PER_PAGE: Final = 100
SIZES: Final = (50, 100, 500)
SHOWN: Final = ("all", "unreported", "late")
_MOST_ADDED: Final = 20
_FOUND: Final = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    month: Month
    division: Division | None
    township: Division | None
    show: str
    page: int
    per: int
    added: tuple[int, ...]

    def query(self, **changes: object) -> str:
        """The address of this page with some words changed; None leaves one out."""
        words: dict[str, object] = {
            "day": self.month.day.isoformat(),
            "division": self.division.code if self.division else None,
            "township": self.township.code if self.township else None,
            "show": None if self.show == "all" else self.show,
            "per": None if self.per == PER_PAGE else self.per,
            "add": ",".join(map(str, self.added)) or None,
            "page": None if self.page == 1 else self.page,
        }
        words |= changes
        return "?" + "&".join(f"{name}={value}" for name, value in words.items() if value is not None)


def round_view(request: HttpRequest) -> HttpResponse:
    """Each district's progress, or one district's table; the whole table is saved at once, or nothing."""
    access = access_for(request)
    if not holds(access, Permission.SITE_VIEW_INTERNAL):
        raise PermissionDenied
    draft = drafts.asked_for_draft(request)
    if draft is not None:
        drafts.fill_in(request, draft)  # its rows, as they were typed; checked and never saved
    month = month_due(as_of_in(request.POST.get("day") or request.GET.get("day")))
    districts = districts_of_round(access, Permission.SITE_VIEW_INTERNAL, month)
    asked = _asked(request, access, month, districts)
    if asked.division is None:
        return _overview(request, month, districts)
    if request.method == "POST":
        return _post(request, access, asked, districts)
    rows, count = _listed(access, asked)
    ids = [*asked.added, *rows]
    lines = lines_of(access, ids, month, added=asked.added, in_order=True)
    return _table(request, asked, districts, lines, count)


@require_POST
def preview_view(request: HttpRequest) -> HttpResponse:
    """What the typed rows would give, for the script beside the table: lights, what is missing, hints."""
    access = access_for(request)
    if not holds(access, Permission.SITE_REPORT):
        raise PermissionDenied
    month = month_due(as_of_in(request.POST.get("day")))
    typed = typed_rows(request, posted_ids(request))
    worked = preview_round(
        access=access, as_of=month.day, rows=[each.row for each in typed if each.row is not None]
    )
    return JsonResponse({"rows": {each.site_id: _as_json(each, worked) for each in typed}})


def _as_json(typed: Typed, worked: Mapping[int, Worked]) -> dict[str, Any]:
    found = worked.get(typed.site_id)
    errors = {**(found.errors if found is not None else {}), **typed.errors}
    if found is None or found.verdict is None:
        return {"light": "", "asks": False, "hints": [], "errors": errors}
    return {
        "light": found.light.value,
        "label": _(found.light.term),
        "asks": found.asks_words,
        "hints": [said(sentence) for _hint, sentence in found.hints],
        "errors": errors,
    }


# -- what is asked for ----------------------------------------------------------------------------------


def _asked(request: HttpRequest, access: Access, month: Month, districts: list[DistrictRound]) -> Asked:
    words = request.GET
    by_code = {row.division.code: row.division for row in districts}
    division = by_code.get(words.get("division", ""))
    if division is None and len(districts) == 1:
        division = districts[0].division
    township = None
    if division is not None and words.get("township"):
        inside = Division.objects.live().within(division)
        township = inside.filter(code=words["township"][:20]).first()
    show = words.get("show", "")
    per = _number(words.get("per"), PER_PAGE)
    wanted = [_number(text, 0) for text in words.get("add", "")[:400].split(",")][:_MOST_ADDED]
    mine = Site.objects.visible_to(access, Permission.SITE_REPORT).filter(pk__in=wanted)
    return Asked(
        month,
        division,
        township,
        show if show in SHOWN else "all",
        max(1, _number(words.get("page"), 1)),
        per if per in SIZES else PER_PAGE,
        tuple(mine.order_by("code").values_list("pk", flat=True)),
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _of_district(access: Access, asked: Asked) -> SiteQuerySet:
    assert asked.division is not None
    return within(due_sites(access, Permission.SITE_VIEW_INTERNAL, asked.month), asked.division)


def _listed(access: Access, asked: Asked) -> tuple[list[int], int]:
    """Ids of the page, and how many there are in all."""
    rows = _of_district(access, asked).exclude(pk__in=asked.added)
    if asked.township is not None:
        rows = rows.in_division(asked.township)
    if asked.show == "unreported":
        rows = rows.exclude(reported_in(asked.month))
    elif asked.show == "late":
        lit = LightSpan.objects.filter(
            site=OuterRef("pk"),
            superseded_at__isnull=True,
            valid_from__lte=asked.month.day,
            valid_to__gt=asked.month.day,
            light__in=[Light.YELLOW.value, Light.RED.value],
        )
        rows = rows.filter(Exists(lit))
    start = (asked.page - 1) * asked.per
    # What is still to do comes first.
    told = Case(When(reported_in(asked.month), then=Value(1)), default=Value(0))
    ids = rows.order_by(told, "code").values_list("pk", flat=True)
    return list(ids[start : start + asked.per]), rows.count()


# -- the pages ------------------------------------------------------------------------------------------


def _overview(request: HttpRequest, month: Month, districts: list[DistrictRound]) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("月度填报"),
        "month": month,
        "months": months_offered(month),
        "districts": districts,
        "due": sum(row.due for row in districts),
        "reported": sum(row.reported for row in districts),
        "open": sum(row.open for row in districts),
    }
    return TemplateResponse(request, "admin/round-overview.html", context)


def _table(
    request: HttpRequest,
    asked: Asked,
    districts: list[DistrictRound],
    lines: list[Line],
    count: int | None,
    *,
    problems: tuple[str, ...] = (),
    checked: bool = False,
    status: int = 200,
) -> HttpResponse:
    access, division = access_for(request), asked.division
    assert division is not None
    pages = 1 if count is None else max(1, -(-count // asked.per))
    sought = request.GET.get("q", "").strip()[:60]
    context = {
        **admin.site.each_context(request),
        "title": _("月度填报:%(district)s") % {"district": division.name},
        "asked": asked,
        "month": asked.month,
        "months": months_offered(asked.month),
        "districts": districts,
        "progress": next((row for row in districts if row.division.pk == division.pk), None),
        "townships": townships_of(_of_district(access, asked)) if request.method == "GET" else (),
        "lines": lines,
        "is_editable": any(line.is_editable for line in lines),
        "stages": STAGES,
        "count": count,
        "pages": pages,
        "previous": asked.query(page=asked.page - 1) if asked.page > 1 else "",
        "next": asked.query(page=asked.page + 1) if asked.page < pages else "",
        "shows": [(word, asked.query(show=word, page=None)) for word in SHOWN],
        "sizes": [(size, asked.query(per=size, page=None)) for size in SIZES if size != asked.per],
        "may_add": holds(access, Permission.SITE_REPORT),
        "sought": sought,
        "found": _found(access, asked, sought),
        "problems": problems,
        "checked": checked,
        "wrong": sum(bool(line.errors) for line in lines),
        "accept": ACCEPT,
        "key": _key(request),
        "draft": drafts.offer(request),
        **offer(request),
    }
    return TemplateResponse(request, "admin/round.html", context, status=status)


def _key(request: HttpRequest) -> str:
    """What makes a form that arrives twice be recorded once; a draft becomes another form."""
    sent = "" if drafts.is_restored(request) else request.POST.get("key", "")[:36]
    return sent or str(uuid.uuid4())


def _found(access: Access, asked: Asked, sought: str) -> list[tuple[Site, str]]:
    """Sites that could be added to the table, each with the address that adds it."""
    if not sought:
        return []
    ids = search_sites(access, sought, _FOUND)
    mine = Site.objects.visible_to(access, Permission.SITE_REPORT).filter(pk__in=ids)
    return [
        (site, asked.query(add=",".join(map(str, [*asked.added, site.pk]))))
        for site in mine.exclude(pk__in=asked.added).order_by("code")
    ]


def _post(request: HttpRequest, access: Access, asked: Asked, districts: list[DistrictRound]) -> HttpResponse:
    posted = posted_ids(request)
    mine = Site.objects.visible_to(access, Permission.SITE_REPORT).filter(pk__in=posted)
    own = set(mine.values_list("pk", flat=True))
    ids = [pk for pk in posted if pk in own]
    # Of the reader's own rows alone: nobody else's photos are even opened.
    typed = typed_rows(request, ids)
    rows = [each.row for each in typed if each.row is not None]
    problems: list[str] = []
    refused: Mapping[int, Mapping[str, str]] = {}
    only_checks = "_check" in request.POST or drafts.is_restored(request)
    if len(ids) < len(posted):
        problems = [_("有点位已不在您的管理范围内,没有保存任何一行。")]
    elif not only_checks and not any(each.errors for each in typed):
        try:
            done = report_round(
                access=access, as_of=asked.month.day, rows=rows, key=request.POST.get("key", "")[:36]
            )
        except RoundRefused as refusal:
            refused = refusal.rows
        except Invalid as refusal:
            problems = list(refusal.errors.values())
        except ActionError as refusal:
            shown = asked_for(request, refusal)
            if shown is None:
                return HttpResponseRedirect(request.path + asked.query())
            problems = [str(shown)]
        except OperationalError:
            problems = [_("系统正忙,没有保存;您填的都在,请再按一次。")]
        else:
            words = {"count": done.count, "day": asked.month.day.isoformat()}
            text = _("这张表刚才已经保存过,没有重复记录。") if done.was_there else _(
                "已保存 %(count)d 个点位截至 %(day)s 的进度。"
            )  # fmt: skip
            messages.success(request, text % words)
            return HttpResponseRedirect(request.path + asked.query())
    worked = preview_round(access=access, as_of=asked.month.day, rows=rows)
    lines = lines_of(access, ids, asked.month, added=asked.added, in_order=True)
    with_typed(request, lines, typed, refused, worked)
    wrong = sum(bool(line.errors) for line in lines)
    if wrong and not only_checks:
        problems.insert(0, _("有 %(count)d 行要改,没有保存任何一行;您填的都在。") % {"count": wrong})
    return _table(
        request,
        asked,
        districts,
        lines,
        None,
        problems=tuple(problems),
        checked="_check" in request.POST and not wrong,
    )


def round_url(month: Month) -> str:
    """The round's address."""
    return f"{reverse('admin:round')}?day={month.day.isoformat()}"
