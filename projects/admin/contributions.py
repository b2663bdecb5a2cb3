"""What a site counts towards, on the site's page."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from projects.actions import siterows
from projects.admin.conflicts import subject_entries
from projects.admin.forms import SEEN_SEQ
from projects.admin.inlines import ScopedInline
from projects.models import Contribution, Indicator, Site

PREFIX = "contributions"
_MOST_ROWS = 200
_QUANTITY = Contribution._meta.get_field("quantity")


class ContributionInline(ScopedInline[Contribution, Site]):
    """What the site counts towards. Without a row it is existing stock (存量)."""

    model = Contribution
    fields = ["indicator", "quantity"]
    extra = 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "indicator":
            own = self.parent_admin.choices_for(request, Indicator)
            match = request.resolver_match
            site_id = match.kwargs.get("object_id") if match is not None else None
            if site_id is not None and _is_id(str(site_id)):
                # What is there already stays choosable, so that saving another field does not lose it.
                there = Indicator.objects.filter(contributions__site_id=int(site_id)).values("pk")
                own = Indicator.objects.filter(models.Q(pk__in=own.values("pk")) | models.Q(pk__in=there))
            kwargs["queryset"] = own.select_related("category").order_by("category__number", "order", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def pairs_of_formsets(formsets: Any) -> list[tuple[int, Decimal]]:
    """(indicator id, quantity) of the rows that stay."""
    pairs: list[tuple[int, Decimal]] = []
    for formset in formsets:
        for form in formset.forms:
            data = getattr(form, "cleaned_data", {})
            if data.get("indicator") is not None and not data.get("DELETE"):
                pairs.append((data["indicator"].pk, data["quantity"]))
    return pairs


def renew_contributions(request: HttpRequest, site: Site) -> None:
    """When somebody else changed the contributions since the page was opened, the form goes on from theirs.

    The rows of the form name database rows that may be gone, so they cannot be merged field by field. What
    was typed is kept in `request.typed_contributions` for the comparison that is shown.
    """
    seen = request.POST.get(SEEN_SEQ, "")
    if not seen.isascii() or not seen.isdigit() or len(seen) > 18 or int(seen) == site.changed_seq:
        return
    later = subject_entries(site).filter(seq__gt=int(seen))
    if not any("contributions" in entry.payload.get("changed", {}) for entry in later):
        return
    request.typed_contributions = _typed(request)  # type: ignore[attr-defined]
    data = request.POST.copy()
    for name in [name for name in data if name.startswith(f"{PREFIX}-")]:
        del data[name]
    rows = list(site.contributions.order_by("pk"))
    data[f"{PREFIX}-TOTAL_FORMS"] = data[f"{PREFIX}-INITIAL_FORMS"] = str(len(rows))
    for number, row in enumerate(rows):
        for field, value in (("id", row.pk), ("site", site.pk), ("indicator", row.indicator_id),
                             ("quantity", row.quantity)):  # fmt: skip
            data[f"{PREFIX}-{number}-{field}"] = str(value)
    request.POST = data  # type: ignore[assignment]


def typed_contributions(request: HttpRequest) -> dict[str, Any] | None:
    """What was typed, as the audit writes it; None where nothing was set aside."""
    pairs = getattr(request, "typed_contributions", None)
    return None if pairs is None else siterows.contributions_json(pairs)


def _typed(request: HttpRequest) -> list[tuple[int, Decimal]]:
    pairs = []
    for number in range(_MOST_ROWS):
        row = f"{PREFIX}-{number}-"
        indicator, quantity = request.POST.get(f"{row}indicator", ""), request.POST.get(f"{row}quantity", "")
        if _is_id(indicator) and not request.POST.get(f"{row}DELETE"):
            try:
                # The field's own bounds: a quantity of a thousand million digits must not be written out.
                pairs.append((int(indicator), _QUANTITY.clean(quantity, None)))
            except ValidationError:
                continue
    return pairs


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
