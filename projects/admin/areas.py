"""Drawn areas: what may be filtered by with `?area=`, and how a new one is drawn."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maps.widgets import EditorOptions, GeometryField, GeometryValue
from projects.actions.areas import MAX_VERTICES, store_area
from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.locating import borders_of, located
from projects.admin.scope import access_for
from projects.models import Division, StoredArea
from projects.models.choices import DATUMS
from projects.permissions.access import Access, Permission


class AreaForm(ScopedForm):
    """A name and a polygon. `editor`: what the map shows."""

    editor = EditorOptions()

    geometry = GeometryField(label=gettext_lazy("图形"), geometry_type="polygon", max_vertices=MAX_VERTICES)

    class Meta:
        model = StoredArea
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "geometry" in self.fields:
            widget: Any = self.fields["geometry"].widget
            widget.options = self.editor

    def _get_validation_exclusions(self) -> set[str]:
        # Set by the action from the polygon, after this form.
        inherited: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return inherited | {"geom", "public_id", "vertices", "area_m2"}


@admin.register(StoredArea)
class StoredAreaAdmin(ScopedAdmin[StoredArea]):
    """Read only once stored: its id is its shape."""

    see = add = Permission.AREA_STORE
    form = AreaForm
    list_display = [
        "name_column",
        "public_id",
        "area_column",
        "vertices",
        "recorded_at",
        "recorded_by",
        "on_map",
    ]
    search_fields = ["name", "public_id"]
    list_select_related = ["recorded_by"]
    list_hint = gettext_lazy("把画好的范围存下来,地图、列表和接口就能按它筛选。存好后不能修改,也不删除。")

    def rows(self, access: Access, permission: Permission) -> QuerySet[StoredArea]:
        return StoredArea.objects.visible_to(access, permission).defer("geom")

    def get_fields(self, request: HttpRequest, obj: StoredArea | None = None) -> Any:
        if obj is None:
            return ["name", "geometry"]
        return ["name", "public_id", "area_column", "vertices", "recorded_at", "recorded_by", "on_map"]

    def get_readonly_fields(self, request: HttpRequest, obj: StoredArea | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    @admin.display(description=gettext_lazy("名称"), ordering="name")
    def name_column(self, obj: StoredArea) -> str:
        return str(obj)

    @admin.display(description=gettext_lazy("面积(平方公里)"), ordering="area_m2")
    def area_column(self, obj: StoredArea) -> str:
        return f"{obj.area_m2 / 1e6:.3f}"

    @admin.display(description=gettext_lazy("地图"))
    def on_map(self, obj: StoredArea) -> str:
        return format_html('<a href="{}">{}</a>', map_url(obj), _("在地图上查看"))

    # -- adding -----------------------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: StoredArea | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        base = type("DrawnAreaForm", (AreaForm,), {"editor": _editor()})
        return super().get_form(request, obj, change=change, **{"form": base, **kwargs})

    def write_row(
        self, request: HttpRequest, obj: StoredArea, form: ModelForm[StoredArea], reason: str
    ) -> None:
        drawn: GeometryValue = form.cleaned_data["geometry"]
        stored = store_area(access=access_for(request), geometry=drawn.geometry, name=obj.name, reason=reason)
        obj.pk, obj.public_id, obj.name = stored.area.pk, stored.area.public_id, stored.area.name
        request.stored_area_created = stored.created  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: StoredArea, post_url_continue: str | None = None
    ) -> HttpResponse:
        text = (
            _("已保存“%(name)s”,筛选时用 area=%(id)s。")
            if request.stored_area_created  # type: ignore[attr-defined]
            else _("同样的图形早已保存,名称是“%(name)s”,筛选时用 area=%(id)s。")
        )
        messages.success(request, text % {"name": obj, "id": obj.public_id})
        again = "_addanother" in request.POST
        return HttpResponseRedirect(reverse("admin:projects_storedarea_add") if again else self.list_url())

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        # Somebody else may have stored the same polygon before: then there is no page of one's own to go on.
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        locate = self.admin_site.admin_view(self.locate_view)
        return [path("locate/", locate, name="projects_storedarea_locate"), *super().get_urls()]

    def locate_view(self, request: HttpRequest) -> JsonResponse:
        """Typed pairs on WGS-84, for the editor."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return located(request)


def map_url(area: StoredArea) -> str:
    """The public map with everything of the area."""
    return f"{reverse('map')}?show=all&area={area.public_id}"


def _editor() -> EditorOptions:
    counties = Division.objects.live().filter(level__in=["county", "zone"])[:20]
    return EditorOptions(
        locate_url=reverse("admin:projects_storedarea_locate"),
        borders=borders_of(counties, None),
        datums=[(code, str(label)) for code, label in DATUMS],
    )
