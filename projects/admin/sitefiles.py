"""Files of the list of sites: what is listed as a file, and tables to fill in. Both only of one's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.base import cut
from projects.admin.scope import access_for
from projects.admin.sitelist import SEARCHED, search_sites
from projects.admin.sitetemplates import template_page
from projects.exchange.exportabout import about_sites
from projects.exchange.exporting import SiteExport, Tally, csv_lines, export_sites, geojson_lines
from projects.exchange.problems import OptionError
from projects.models import Site
from projects.permissions.access import Permission, holds

if TYPE_CHECKING:
    from projects.admin.sitepages import SitePages

FORMAT: Final = "format"
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. `most`: so many sites in one request; a command has no such bound."""

    name: str
    label: str | Promise
    hint: str | Promise
    most: int
    content_type: str


FORMATS: Final = (
    Format("xlsx", gettext_lazy("Excel 工作簿"), gettext_lazy("用 Excel、WPS 修改,改好以后可以导回"), 20_000,
           "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    Format("csv", "CSV", gettext_lazy("纯文本表格,编码前面的 0 在 Excel 里可能丢失"), 200_000,
           "text/csv; charset=utf-8"),
    Format("geojson", "GeoJSON", gettext_lazy("GIS 软件和网页地图"), 200_000, "application/geo+json"),
    Format("gpkg", "GeoPackage", gettext_lazy("GIS 软件(QGIS、ArcGIS)"), 50_000,
           "application/geopackage+sqlite3"),
)  # fmt: skip
_BY_NAME: Final = {each.name: each for each in FORMATS}


def site_file_urls(admin: "SitePages") -> list[URLPattern]:
    """Addresses below that of the list."""

    def wrapped(
        view: Callable[["SitePages", HttpRequest], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        def page(request: HttpRequest) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["GET", "HEAD"])
            if not holds(access_for(request), Permission.SITE_VIEW_INTERNAL):
                raise PermissionDenied
            return view(admin, request)

        return admin.admin_site.admin_view(page)

    return [
        path("export/", wrapped(export_page), name="projects_site_export"),
        path("template/", wrapped(template_page), name="projects_site_template"),
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """The sites of a list's address. `filters`: its filters in words; `is_cut`: the search finds more."""

    sites: "QuerySet[Site]"
    filters: str
    is_cut: bool


def export_page(admin: "SitePages", request: HttpRequest) -> HttpResponseBase:
    """The choice of a format; with one in the address the file: exactly what the list shows, and no more."""
    words = request.GET.copy()
    wanted = words.pop(FORMAT, [""])[-1]
    try:
        listed = _listed(admin, request, words)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(admin.list_url() + "?e=1")
    about = about_sites(listed.sites, who=request.user.get_username(), filters=listed.filters, internal=True)
    export = SiteExport(listed.sites, about, internal=True)
    chosen = _BY_NAME.get(wanted)
    problem = ""
    if chosen is not None and not listed.is_cut and about.count <= chosen.most:
        try:
            return _file(chosen, export)
        except OptionError as refusal:
            problem = str(refusal)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("导出点位"),
        "opts": admin.opts,
        "count": about.count,
        "filters": listed.filters,
        "is_cut": listed.is_cut,
        "is_too_many": any(about.count > each.most for each in FORMATS),
        "searched": f"{SEARCHED:,}",
        "problem": problem,
        "formats": [
            {
                "format": each,
                "is_possible": about.count <= each.most and not listed.is_cut,
                "most": f"{each.most:,}",
                "url": f"?{_with_format(words, each.name)}",
            }
            for each in FORMATS
        ],
        "command": f"manage.py export_sites {_('点位')}.csv --actor {request.user.get_username()} --internal",
        "list_url": admin.list_url() + (f"?{words.urlencode()}" if words else ""),
    }
    # Who asks for a file and gets the page gets it with a reason.
    return TemplateResponse(
        request, "admin/projects/site/export.html", context, status=400 if wanted else 200
    )


def _with_format(words: QueryDict, name: str) -> str:
    copy = words.copy()
    copy[FORMAT] = name
    return copy.urlencode()


def _listed(admin: "SitePages", request: HttpRequest, words: QueryDict) -> Listed:
    """Raises IncorrectLookupParameters for an address that the list refuses."""
    access = access_for(request)
    given, text = request.GET, cut(words.get(SEARCH_VAR, ""))
    filters = words.copy()
    filters.pop(SEARCH_VAR, None)
    request.GET = filters  # type: ignore[assignment]
    try:
        changes = admin.get_changelist_instance(request)
    finally:
        request.GET = given
    said = []
    for spec in changes.filter_specs:
        value = spec.value() if hasattr(spec, "value") else None
        label = dict(getattr(spec, "lookup_choices", ())).get(value)
        if label is not None:
            said.append(f"{spec.title}:{label}")
    # By the same door as every list, and without what the list leaves unread of a row.
    sites = Site.objects.visible_to(access)
    if said or filters:
        sites = sites.filter(pk__in=changes.queryset.order_by().values("pk"))
    is_cut = False
    if text.strip():
        ids = search_sites(access, text, SEARCHED + 1)
        is_cut = len(ids) > SEARCHED
        sites = sites.filter(pk__in=ids[:SEARCHED])
        said.append(_("查找:%(text)s") % {"text": text})
    return Listed(sites, ";".join(said), is_cut)


def _file(chosen: Format, export: SiteExport) -> HttpResponseBase:
    """Raises OptionError for what the format cannot hold."""
    name = f"{_('点位')}-{timezone.localdate().isoformat()}.{chosen.name}"
    if chosen.name in ("csv", "geojson"):
        return StreamingHttpResponse(
            _streamed(chosen.name, export),
            content_type=chosen.content_type,
            headers={"Content-Disposition": content_disposition_header(True, name) or ""},
        )
    with TemporaryDirectory() as folder:
        made = Path(folder) / f"sites.{chosen.name}"
        export_sites(made, export)
        # The open file outlives its folder.
        return FileResponse(
            made.open("rb"), as_attachment=True, filename=name, content_type=chosen.content_type
        )


def _streamed(name: str, export: SiteExport) -> Iterator[str]:
    if name == "csv":
        yield _BYTE_ORDER_MARK
        yield from csv_lines(export, Tally())
    else:
        yield from geojson_lines(export, Tally())
