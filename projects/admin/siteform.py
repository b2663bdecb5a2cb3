"""The form of one site: its own fields, those of its kind, its place, and the check of who manages it."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from maps.widgets import EditorOptions, GeometryField, GeometryValue, geojson_text
from projects.actions import siterows
from projects.actions.drafts import SiteDraft
from projects.admin.contributions import typed_contributions
from projects.admin.forms import ScopedForm
from projects.admin.locating import find_shape, has_borders, same_place
from projects.admin.milestones import MilestonesField, points
from projects.models import Division, FacilityKind, Site
from projects.rules.vocabulary import Service, Stage

#: Fields of the form that `change_site` takes under another name or not at all.
_OWN = frozenset({"geometry", "confirm_cross", "effective_on", "code", "kind", "managed_by"})
ATTRIBUTE = "attribute_"
_LARGEST_WHOLE = 10**9


def attribute_fields(kind: FacilityKind | None) -> dict[str, forms.Field]:
    """One form field for each attribute of the kind, by the form field's name."""
    made: dict[str, forms.Field] = {}
    for attribute in kind.attributes if kind is not None else ():
        english = (get_language() or "").startswith("en")
        label = (english and attribute.get("label_en")) or attribute.get("label_zh", attribute["key"])
        unit = attribute.get("unit") or ""
        label = f"{label}({unit})" if unit else label
        field: forms.Field
        if attribute.get("type") == "integer":
            field = forms.IntegerField(label=label, required=False, min_value=0, max_value=_LARGEST_WHOLE)
        else:
            field = forms.CharField(label=label, required=False, max_length=200)
        made[ATTRIBUTE + attribute["key"]] = field
    return made


class SiteForm(ScopedForm):
    """`kind_row`: the site's kind (fixed while adding); `editor`: what the map shows. The admin sets both."""

    kind_row: FacilityKind | None = None
    editor = EditorOptions()
    #: Where the geometry lies; found while cleaning.
    located_in: Division | None = None

    geometry = GeometryField(label=gettext_lazy("位置"))
    confirm_cross = forms.BooleanField(
        label=gettext_lazy("确认跨区管理"),
        required=False,
        help_text=gettext_lazy("位置在一个区划、由另一个区划管理时须确认:进度计入管理区划,地图按位置显示。"),
    )
    effective_on = forms.DateField(
        label=gettext_lazy("变更生效日期"),
        required=False,
        widget=AdminDateWidget,
        help_text=gettext_lazy("建设阶段或服务状态从哪一天起变更;留空为今天。"),
    )
    baseline_milestones = MilestonesField(label=gettext_lazy("基线节点"), required=False)

    class Meta:
        model = Site
        fields = ["code", "kind", "name", "address", "managed_by", "stage", "service"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        geometry = self.fields.get("geometry")
        if isinstance(geometry, GeometryField):
            kind = self.kind_row
            geometry.geometry_type = kind.geometry if kind is not None else "point"
            widget: Any = geometry.widget
            widget.geometry_type = geometry.geometry_type
            widget.options = self.editor
            if self.instance.pk is not None:
                self.initial["geometry"] = self.instance.geom
        for name in self.fields:
            if name.startswith(ATTRIBUTE) and name not in self.initial:
                self.initial[name] = (self.instance.attributes or {}).get(name.removeprefix(ATTRIBUTE))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self.kind_row is not None and self.instance.pk is None:
            # The kind decides form and geometry; it was chosen on the page before.
            cleaned["kind"] = self.kind_row
        self._check_place(cleaned)
        return cleaned

    def _check_place(self, cleaned: Mapping[str, Any]) -> None:
        """Find where the site lies; a site that another division manages takes a confirmation."""
        place: GeometryValue | None = cleaned.get("geometry")
        managed_by: Division | None = cleaned.get("managed_by") or getattr(self.instance, "managed_by", None)
        if place is None or managed_by is None:
            return
        moved = "geometry" in self.changed_data or self.instance.pk is None
        if moved:
            self.instance.geom = siterows.to_geos(place.geometry)
            self.instance.location = siterows.location_of(place.geometry)
        if not (moved or "managed_by" in self.changed_data):
            return
        doubt = self._locate(place, managed_by) if moved else ""
        self.located_in = self.located_in or (None if moved else self.instance.located_in)
        if self.located_in is not None and not same_place(self.located_in, managed_by):
            doubt = _(
                "位置在%(located)s,而管理区划是%(managed)s。如果确实如此,请勾选“确认跨区管理”后再保存。"
            ) % {
                "located": self.located_in,
                "managed": managed_by,
            }
        if doubt and not cleaned.get("confirm_cross"):
            self.add_error("confirm_cross", doubt)

    def _locate(self, place: GeometryValue, managed_by: Division) -> str:
        """Set `located_in`; what there is to confirm about it."""
        if not has_borders():
            # Without borders nobody can say better.
            self.located_in = managed_by
            return ""
        found = find_shape(place.geometry)
        if found.division is None:
            self.add_error("geometry", _("这个位置不在任何已知区划内;请检查坐标和坐标系。"))
            return ""
        self.located_in = found.division
        if not found.outside_m:
            return ""
        return _(
            "位置在区划边界之外约 %(metres)d 米,最近的是%(division)s。如果位置没有错,请勾选“确认跨区管理”。"
        ) % {
            "metres": round(found.outside_m),
            "division": found.division,
        }

    def _get_validation_exclusions(self) -> set[str]:
        # Set by the action from the geometry, after this form.
        inherited: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return inherited | {"geom", "location", "located_in", "public_id"}

    def attributes(self) -> dict[str, object]:
        """What is stored: filled-in fields of the kind, and what the row holds besides."""
        values: dict[str, object] = dict(self.instance.attributes or {})
        for name in self.fields:
            if name.startswith(ATTRIBUTE):
                value = self.cleaned_data.get(name)
                values.pop(name.removeprefix(ATTRIBUTE), None)
                if value not in (None, ""):
                    values[name.removeprefix(ATTRIBUTE)] = value
        return values

    def typed(self) -> dict[str, Any]:
        values = self.on_form(siterows.audited(self.instance, []))
        values["attributes"] = self.attributes()
        if "geometry" in self.changed_data:
            values["geom"] = bytes(self.instance.geom.wkb).hex()
        mine = typed_contributions(self.request)
        if mine is not None:
            values["contributions"] = mine
        if "baseline_milestones" in self.cleaned_data:
            values["baseline_milestones"] = self.cleaned_data["baseline_milestones"]
        return values

    def stored_values(self) -> Mapping[str, Any]:
        stored = Site.objects.get(pk=self.instance.pk)
        return siterows.audited(stored, stored.contributions.values_list("indicator_id", "quantity"))

    def take_over(self, name: str, stored: Any) -> None:
        if name == "contributions":
            # The rows below already are the stored ones: see renew_contributions.
            return
        if name == "geom":
            self._put("geometry", geojson_text(stored.geom))
            self._put("geometry_pairs", None)
        elif name == "attributes":
            for field in self.fields:
                if field.startswith(ATTRIBUTE):
                    value = stored.attributes.get(field.removeprefix(ATTRIBUTE))
                    self._put(field, "" if value is None else str(value))
        elif name == "baseline_milestones":
            self._put(name, self.fields[name].prepare_value(stored.baseline_milestones))
        else:
            super().take_over(name, stored)

    # -- for the actions ------------------------------------------------------------------------------

    def draft(self, contributions: tuple[tuple[int, Decimal], ...]) -> SiteDraft:
        """A new site from what was typed."""
        data = self.cleaned_data
        place: GeometryValue = data["geometry"]
        managed_by: Division = data["managed_by"]
        return SiteDraft(
            code=data["code"],
            kind_id=data["kind"].pk,
            name=data["name"],
            geometry=place.geometry,
            located_in_id=(self.located_in or managed_by).pk,
            managed_by_id=managed_by.pk,
            address=data.get("address", ""),
            attributes=self.attributes(),
            opening_hours=data.get("opening_hours", ""),
            phone=data.get("phone", ""),
            stage=Stage(data["stage"]),
            service=Service(data["service"]),
            service_checked_on=data.get("service_checked_on"),
            baseline_start=data.get("baseline_start"),
            baseline_finish=data.get("baseline_finish"),
            baseline_milestones=points(data.get("baseline_milestones") or []),
            started_on=data.get("started_on"),
            finished_on=data.get("finished_on"),
            contributions=contributions,
            state_since=data.get("effective_on"),
            **self._source(place),
        )

    def changes(self) -> dict[str, object]:
        """What `change_site` shall write: the fields that differ."""
        data = self.cleaned_data
        changes: dict[str, object] = {}
        for name in self.changed_data:
            if name in _OWN or name.startswith(ATTRIBUTE) or name not in data:
                continue
            changes[name] = data[name]
        if "baseline_milestones" in changes:
            changes["baseline_milestones"] = data["baseline_milestones"]
        for name in ("kind", "managed_by"):
            if name in self.changed_data:
                changes[f"{name}_id"] = data[name].pk
        if any(name.startswith(ATTRIBUTE) for name in self.changed_data):
            changes["attributes"] = self.attributes()
        place: GeometryValue | None = data.get("geometry")
        if "geometry" in self.changed_data and place is not None:
            changes |= {"geometry": place.geometry, **self._source(place)}
            if self.located_in is not None:
                changes["located_in_id"] = self.located_in.pk
        return changes

    @property
    def since(self) -> dt.date | None:
        day = self.cleaned_data.get("effective_on")
        return day if isinstance(day, dt.date) else None

    @staticmethod
    def _source(place: GeometryValue) -> dict[str, Any]:
        x, y = place.source if place.source is not None else (None, None)
        return {"source_x": x, "source_y": y, "source_datum": place.datum.value}
