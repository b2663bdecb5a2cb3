"""下载填报模板: two choices and a workbook. It works without a script: the form asks by GET."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from projects.admin.scope import access_for, divisions_of, indicators_for
from projects.exchange.problems import OptionError
from projects.exchange.templates import NotTheirs, TemplateWish, write_template
from projects.models import Division, FacilityKind, Indicator
from projects.permissions.access import Access, Permission, scopes_for

if TYPE_CHECKING:
    from projects.admin.sitepages import SitePages

_DISTRICTS: Final = ("city", "county", "zone")
_MOST_CHOICES: Final = 400
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a select: what its value stands for."""

    value: str
    label: str
    group: str
    kind: FacilityKind
    indicator: Indicator | None


def template_page(admin: "SitePages", request: HttpRequest) -> HttpResponseBase:
    """The form; with `download` in the address the workbook, or the form again with a sentence."""
    access = access_for(request)
    divisions = _divisions(access)
    subjects = _subjects(access)
    division = next((row for row in divisions if row.code == request.GET.get("division")), None)
    subject = next((each for each in subjects if each.value == request.GET.get("subject")), None)
    problem = ""
    if "download" in request.GET:
        if division is None or subject is None:
            problem = _("请选择列表里的一个区划和一个指标。")
        else:
            wish = TemplateWish(
                access,
                request.user.get_username(),
                division,
                subject.kind,
                subject.indicator,
                prefill="prefill" in request.GET,
            )
            try:
                return _workbook(wish)
            except (NotTheirs, OptionError) as refusal:
                problem = str(refusal)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("下载填报模板"),
        "opts": admin.opts,
        "divisions": divisions,
        "groups": _grouped(subjects),
        "division": division.code if division is not None else "",
        "subject": subject.value if subject is not None else "",
        "prefill": "prefill" in request.GET,
        "problem": problem,
    }
    return TemplateResponse(
        request, "admin/projects/site/template.html", context, status=400 if problem else 200
    )


def _workbook(wish: TemplateWish) -> HttpResponseBase:
    """Raises NotTheirs and OptionError."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / "template.xlsx"
        write_template(made, wish)
        # The open file outlives its folder.
        return FileResponse(made.open("rb"), as_attachment=True, filename=wish.file_name, content_type=_XLSX)


def _divisions(access: Access) -> list[Division]:
    """Districts; townships for whom no district is open."""
    own = divisions_of(access, [Permission.SITE_ADD]).exclude(level="province").order_by("tree_left")
    return list(own.filter(level__in=_DISTRICTS)[:_MOST_CHOICES]) or list(own[:_MOST_CHOICES])


def _subjects(access: Access) -> list[Choice]:
    """Indicators that places count for, newest programme first, and kinds, unless only a department's."""
    found = [
        Choice(
            f"indicator:{row.code}",
            f"{row.name}({row.code})",
            f"{row.category.programme.name}",
            row.kind,
            row,
        )
        for row in indicators_for(access, [Permission.SITE_ADD])
        .filter(mappable=True, kind__isnull=False, kind__deleted_seq__isnull=True)
        .select_related("kind", "category__programme")
        .order_by("-category__programme__year", "category__number", "order", "pk")[:_MOST_CHOICES]
        if row.kind is not None
    ]
    if any(scope.departments is None for scope in scopes_for(access, Permission.SITE_ADD)):
        stock = _("存量设施(不计入指标)")
        kinds = FacilityKind.objects.filter(deleted_seq__isnull=True)
        found += [Choice(f"kind:{kind.slug}", kind.name, stock, kind, None) for kind in kinds]
    return found


def _grouped(choices: Iterable[Choice]) -> list[tuple[str, list[Choice]]]:
    groups: dict[str, list[Choice]] = {}
    for choice in choices:
        groups.setdefault(choice.group, []).append(choice)
    return list(groups.items())
