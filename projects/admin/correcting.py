"""Who was refused because a period is closed may ask for the same thing as a correction, on the same page."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.contrib import messages
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _

from projects.actions.corrections import request_correction
from projects.actions.errors import ActionError, PeriodClosed
from projects.admin.readable import field_label, readable
from projects.admin.scope import access_for
from projects.models import PlanChange, Site, SiteReport
from projects.models.people import User

#: The button and the text of the offer (templates/admin/correction-offer.html).
BUTTON: Final = "_as_correction"
REASON: Final = "correction"

#: Which model knows the names of what a draft says.
_MODELS: Final[Mapping[str, type[models.Model]]] = {
    "ReportDraft": SiteReport,
    "PlanChangeDraft": PlanChange,
    "SiteDraft": Site,
}
#: Arguments that say which row is meant, or in which state it was read; the subject says the first in words.
_MEANT: Final = frozenset({"site_id", "expected_version", "access", "stamp", "version", "key", "asks_words"})
#: Of a row of a round: the others are the site's.
_REPORTED: Final = frozenset({"percent", "problem", "plan"})


def asked_for(request: HttpRequest, refusal: ActionError) -> ActionError | None:
    """What to show of a refusal; None when the person asked for it as a correction and that was recorded."""
    if not isinstance(refusal, PeriodClosed):
        return refusal
    request.closed = refusal  # type: ignore[attr-defined]  # the page offers to ask for it
    if BUTTON not in request.POST:
        return refusal
    try:
        row = request_correction(
            access=access_for(request), refused=refusal, reason=request.POST.get(REASON, "")
        )
    except ActionError as problem:
        return problem
    messages.success(request, _("已提交更正申请第 %(number)d 号,由另一人批准后生效。") % {"number": row.pk})
    return None


def offer(request: HttpRequest) -> dict[str, Any]:
    """What the template needs to make the offer; nothing before a refusal."""
    if getattr(request, "closed", None) is None:
        return {}
    return {"offers_correction": True, "typed_correction": request.POST.get(REASON, "")}


def said(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a request would write, in words: (field, value)."""
    for name, value in payload.items():
        if name not in _MEANT:
            yield from _lines(name, value, Site)


def _lines(name: str, value: Any, model: type[models.Model]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _lines(name, item, model)
        return
    if not isinstance(value, dict):
        if value not in (None, ""):
            yield field_label(model, name), readable(model, name, value)
        return
    tag, held = value["$"], value["v"]
    if tag == "RoundRow":
        site = Site.objects.filter(pk=held["site_id"]).first()
        yield _("点位"), str(site or f"#{held['site_id']}")
        photos = held.get("photos", {}).get("v", [])
        for field, item in held.items():
            if field not in _MEANT and field != "photos":
                yield from _lines(field, item, SiteReport if field in _REPORTED else Site)
        if photos:
            yield _("照片"), str(len(photos))
    elif tag == "row":
        own = _model(held[0])
        for field, item in held[2].items():
            yield from _lines(field, item, own)
    elif tag in _MODELS:
        for field, item in held.items():
            yield from _lines(field, item, _MODELS[tag])
    elif tag in ("map", "SiteUpdate"):
        for field, item in held.items():
            if field not in _MEANT:
                yield from _lines(field, item, model)
    elif tag == "tuple":
        yield from _tuple(name, held, model)
    elif tag == "access":
        yield _("发布人"), str(User.objects.filter(pk=held).first() or "–")
    elif tag == "word":
        yield field_label(model, name), readable(model, name, held[1])
    elif held not in (None, ""):
        yield field_label(model, name), readable(model, "geom" if tag == "geometry" else name, held)


def _tuple(name: str, held: list[Any], model: type[models.Model]) -> Iterator[tuple[str, str]]:
    """Contributions and milestones are pairs; anything else is a list of drafts."""
    plain = [_plain(item) for item in held]
    if held and all(isinstance(item, list) for item in plain):
        yield field_label(model, name), "; ".join(" ".join(map(str, item)) for item in plain)
        return
    for item in held:
        yield from _lines(name, item, model)


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and value["$"] in ("tuple", "date", "decimal"):
        held = value["v"]
        return [_plain(item) for item in held] if isinstance(held, list) else held
    return value


def _model(name: str) -> type[models.Model]:
    found: type[models.Model] = Site._meta.apps.get_model("projects", name)
    return found
