"""Sites: list, form with map, steps, and what was reported and decided of each."""

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from maps.widgets import EditorOptions
from projects.actions.errors import Invalid
from projects.actions.sites import add_site, change_site, remove_site
from projects.actions.sitewriting import contributions_of, target_of
from projects.admin.base import ScopedAdmin, cut
from projects.admin.contributions import ContributionInline, pairs_of_formsets, renew_contributions
from projects.admin.locating import borders_of
from projects.admin.onesite import site_context
from projects.admin.overview import as_of
from projects.admin.paging import COUNTED
from projects.admin.readable import drawn
from projects.admin.scope import access_for, divisions_of
from projects.admin.sitefilters import SITE_FILTERS
from projects.admin.siteform import ATTRIBUTE, SiteForm, attribute_fields
from projects.admin.sitelist import choosable
from projects.admin.sitemap import place_of
from projects.admin.sitepages import SitePages
from projects.admin.sitesteps import STEPS
from projects.models import Division, FacilityKind, Site
from projects.models.choices import DATUMS
from projects.permissions.access import Access, Permission, Target
from projects.querysets.sites import SiteQuerySet
from projects.rules.vocabulary import Publication, Stage

_TARGET: Final = "_target"


def _read_sites(request: HttpRequest) -> dict[int, Site]:
    """Sites that a page shows, read once and through scope; a form that is sent reads its row anew."""
    known: dict[int, Site] = request.__dict__.setdefault("read_sites", {})
    return known


@admin.register(Site)
class SiteAdmin(SitePages, ScopedAdmin[Site]):
    add = Permission.SITE_ADD
    change = Permission.SITE_CHANGE
    remove = Permission.SITE_DELETE
    form = SiteForm
    list_hint = gettext_lazy("只列出您管理的点位。点名称可修改;要报进度,打开点位后点“报进度”。")
    list_display = ["name_column", "place_column", "light_column", "stage_column", "progress", "service",
                    "kind", "managed_by", "publication_column", "code"]  # fmt: skip
    list_display_links = ["name_column"]
    list_filter = SITE_FILTERS
    longest_filter = 2_000  # several values of one filter
    search_fields = ["name", "code", "address"]
    search_help_text = gettext_lazy("按名称、编码或地址查找")
    list_select_related = ["kind", "managed_by", "located_in"]
    ordering = ["-pk"]
    actions = ["change_selected", "edit_selected", "submit_selected", "publish_selected"]
    inlines = [ContributionInline]
    change_form_template = "admin/projects/site/change_form.html"

    # -- whose ------------------------------------------------------------------------------------------

    def rows(self, access: Access, permission: Permission) -> SiteQuerySet:
        return Site.objects.visible_to(access, permission)

    def target(self, obj: Site) -> Target:
        # Asked of one page dozens of times. What is written, an action asks anew of the locked row.
        held: Target | None = obj.__dict__.get(_TARGET)
        if held is None:
            held = obj.__dict__[_TARGET] = target_of(obj)
        return held

    def has_view_permission(self, request: HttpRequest, obj: Site | None = None) -> bool:
        read = obj is not None and _read_sites(request).get(obj.pk) is obj
        return read or super().has_view_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        return super().get_queryset(request).defer("geom", "location")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Site], search_term: str
    ) -> tuple[QuerySet[Site], bool]:
        """The list finds its page by itself; this is for its steps, and for look-ups of a site."""
        found = choosable(access_for(request), queryset, cut(search_term), COUNTED)
        listing = request.resolver_match is not None and request.resolver_match.url_name != "autocomplete"
        return (queryset if listing and not search_term.strip() else found), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Site | None:
        if not object_id.isascii() or not object_id.isdigit() or len(object_id) > 18:
            return None
        known = _read_sites(request)
        if int(object_id) in known:
            return known[int(object_id)]
        found = self.rows(access_for(request), self.see).filter(pk=int(object_id))
        site = found.select_related("kind", "managed_by", "located_in").first()
        if site is not None and request.method == "GET":
            known[site.pk] = site
        return site

    # -- list -------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("名称"), ordering="name")
    def name_column(self, obj: Site) -> str:
        if not obj.is_demo:
            return obj.name
        return format_html("{} {}", obj.name, drawn("demo-badge", "", "", get_language()))

    @admin.display(description=gettext_lazy("地图"))
    def place_column(self, obj: Site) -> str:
        """A button that shows the row's point; the script that can do it uncovers it."""
        place = place_of(obj)
        if place is None:
            return "–"
        return format_html(
            '<button type="button" class="row-place" data-place="{}" data-lon="{}" data-lat="{}" hidden>{}'
            '<span class="visually-hidden">{}</span></button>',
            place["id"],
            place["lon"],
            place["lat"],
            _("看位置"),
            obj.name,
        )

    @admin.display(description=gettext_lazy("建设阶段"), ordering="stage")
    def stage_column(self, obj: Site) -> str:
        return drawn("stage", "stage", obj.stage, get_language())

    @admin.display(description=gettext_lazy("亮灯"), ordering="light")
    def light_column(self, obj: Site) -> str:
        return drawn("light", "light", obj.light, get_language())

    @admin.display(description=gettext_lazy("进度"), ordering="percent")
    def progress(self, obj: Site) -> str:
        if obj.percent is None:
            return _("未报")
        return f"{obj.percent.normalize():f}%"

    @admin.display(description=gettext_lazy("发布状态"), ordering="publication")
    def publication_column(self, obj: Site) -> str:
        return format_html(
            '<span class="state state--{}">{}</span>', obj.publication, obj.get_publication_display()
        )

    # -- form -------------------------------------------------------------------------------------------

    def kind_of(self, request: HttpRequest, obj: Site | None) -> FacilityKind | None:
        """The kind of the site, or the one chosen on the page before the form of a new one."""
        if obj is not None:
            return obj.kind
        slug = request.POST.get("kind_slug") or request.GET.get("kind_slug", "")
        return FacilityKind.objects.filter(slug=slug, deleted_seq__isnull=True).first()

    def get_form(
        self, request: HttpRequest, obj: Site | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kind = self.kind_of(request, obj)
        base = type(
            "KindSiteForm",
            (SiteForm,),
            {**attribute_fields(kind), "kind_row": kind, "editor": self._editor(request, obj, kind)},
        )
        return super().get_form(request, obj, change=change, **{"form": base, **kwargs})

    def _editor(self, request: HttpRequest, obj: Site | None, kind: FacilityKind | None) -> EditorOptions:
        access = access_for(request)
        own = divisions_of(access, [Permission.SITE_ADD, Permission.SITE_CHANGE])
        counties: list[Division] = list(own.filter(level__in=["county", "zone"])[:20]) or list(own[:5])
        note = ""
        if obj is not None and obj.source_x is not None and obj.source_datum not in ("", "wgs84"):
            note = _("原始坐标:%(x)s, %(y)s(%(datum)s)。") % {
                "x": obj.source_x,
                "y": obj.source_y,
                "datum": dict(DATUMS).get(obj.source_datum, obj.source_datum),
            }
        return EditorOptions(
            locate_url=reverse("admin:projects_site_locate"),
            borders=borders_of(counties, obj.managed_by if obj is not None else None),
            colour=kind.colour if kind is not None else "#0b5a87",
            datums=[(code, str(label)) for code, label in DATUMS],
            source_note=note,
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever works in one district only need not choose it."""
        own = self.choices_for(request, Division)
        largest = own.order_by("tree_left").first()
        holds_all = (
            largest is not None and own.count() == own.filter(pk__in=Division.objects.within(largest)).count()
        )
        mine = (
            largest.pk
            if holds_all and largest is not None and largest.level not in ("province", "city")
            else None
        )
        given = {name: value for name, value in super().get_changeform_initial_data(request).items() if value}
        return {**({"managed_by": mine} if mine is not None else {}), **given}

    def get_fieldsets(self, request: HttpRequest, obj: Site | None = None) -> Any:
        kind = self.kind_of(request, obj)
        attributes = list(attribute_fields(kind))
        first = ["code", "name", "address", "managed_by", "geometry", "confirm_cross"]
        if obj is not None:
            first.insert(2, "kind")
            if not self.has_change_permission(request, obj):
                first = ["code", "name", "kind", "address", "managed_by", "located_in", "geometry_shown"]
                attributes = ["attributes_shown"] if obj.attributes else []
        service = ["service", "service_checked_on", "opening_hours", "phone", *attributes]
        if self._is_readonly(request, obj):
            service = [name for name in service if not name.startswith(ATTRIBUTE)]
        plan = ["baseline_start", "baseline_finish", "baseline_milestones"]
        stage = ["stage", "started_on", "finished_on"]
        if obj is not None:
            stage += ["verified_on"]
        if not self._is_readonly(request, obj):
            stage += ["effective_on"]
        return [
            (None, {"fields": first}),
            (_("能不能用"), {"fields": service}),
            (_("建设"), {"fields": [*stage, *plan]}),
        ]

    def _is_readonly(self, request: HttpRequest, obj: Site | None) -> bool:
        return obj is not None and not self.has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> list[str]:
        if obj is None:
            return []
        fixed = ["code", "verified_on", "located_in", "geometry_shown", "attributes_shown"]
        if obj.baseline is not None and obj.publication != Publication.DRAFT:
            # The first agreed dates never change: a reschedule is a step of its own.
            fixed += ["baseline_start", "baseline_finish", "baseline_milestones"]
        return fixed

    @admin.display(description=gettext_lazy("位置"))
    def geometry_shown(self, obj: Site) -> str:
        return f"{obj.location.x:.6f}, {obj.location.y:.6f} (WGS-84)"

    @admin.display(description=gettext_lazy("设施信息"))
    def attributes_shown(self, obj: Site) -> str:
        labels = {entry["key"]: entry.get("label_zh", entry["key"]) for entry in obj.kind.attributes}
        return "; ".join(f"{labels.get(key, key)}: {value}" for key, value in obj.attributes.items())

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "stage" and field is not None:
            # Verified is what somebody else finds on the spot, not what an editor picks.
            site = self._site_of(request)
            keep = site is not None and site.stage == Stage.VERIFIED
            field.choices = [
                pair for pair in field.choices if pair[0] and (pair[0] != Stage.VERIFIED or keep)
            ]
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            site = self._site_of(request)
            kinds = FacilityKind.objects.filter(deleted_seq__isnull=True)
            # Another geometry type would be another site.
            kwargs["queryset"] = kinds.filter(geometry=site.kind.geometry) if site is not None else kinds
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _site_of(self, request: HttpRequest) -> Site | None:
        match = request.resolver_match
        object_id = match.kwargs.get("object_id") if match is not None else None
        return self.get_object(request, str(object_id)) if object_id is not None else None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        if not self.has_add_permission(request):
            raise PermissionDenied
        kind = self.kind_of(request, None)
        if kind is None:
            context = {
                **self.admin_site.each_context(request),
                "title": _("新增点位:先选设施种类"),
                "opts": self.opts,
                "kinds": FacilityKind.objects.filter(deleted_seq__isnull=True),
            }
            return TemplateResponse(request, "admin/projects/site/choose_kind.html", context)
        return super().add_view(request, form_url, {"kind": kind, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        site = self.get_object(request, object_id)
        if site is not None:
            access = access_for(request)
            context |= {
                **site_context(access, site),
                "steps": [step for step in STEPS if step.possible(access, site, self.target(site))],
                "reports": site.reports.select_related("recorded_by").order_by("-as_of", "-pk")[:12],
                "plan_changes": site.plan_changes.order_by("-effective_on", "-pk")[:12],
                "states": site.states.select_related("managed_by").order_by("-effective_on", "-pk")[:12],
                "spans": site.lightspans.filter(superseded_at__isnull=True).order_by("valid_from")[:24],
                "day": as_of(),
            }
        return super().change_view(request, object_id, form_url, context)

    # -- writing ------------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        site = self.get_object(request, object_id) if object_id is not None else None
        if site is not None and request.method == "POST":
            renew_contributions(request, site)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        access = access_for(request)
        reason = request.POST.get("reason", "").strip()[:300]
        pairs = pairs_of_formsets(formsets)
        if not change:
            saved = add_site(access=access, draft=form.draft(tuple(pairs)), reason=reason)
            form.instance.pk = saved.pk
            return
        changes = form.changes()
        if formsets and sorted(pairs) != sorted(contributions_of(form.instance)):
            changes["contributions"] = pairs
        stored = Site.objects.get(pk=form.instance.pk)
        if stored.changed_seq != int(request.POST.get("seen_seq", -1)):
            raise Invalid({"": _("请重新打开这一页。")})
        change_site(
            access=access,
            site_id=stored.pk,
            expected_version=stored.version,
            changes=changes,
            effective_on=form.since,
            reason=reason,
        )

    def remove_row(self, request: HttpRequest, obj: Site, reason: str) -> None:
        version = request.POST.get("version", "")
        remove_site(
            access=access_for(request),
            site_id=obj.pk,
            expected_version=int(version) if version.isascii() and version.isdigit() else -1,
            reason=reason,
        )

    def write_row(self, request: HttpRequest, obj: Site, form: ModelForm[Site], reason: str) -> None:
        """See save_related: a site is written together with its contributions."""
