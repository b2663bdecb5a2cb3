"""Tags of the page frame and the components: addresses that keep the text size, words, icons, figures."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils import formats, translation
from django.utils.html import json_script
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from projects.pages.context import keep_view
from projects.pages.mapsettings import map_settings
from projects.readmodels.sitelists import SiteRow
from projects.rules.vocabulary import FINISHED, Light, Service, Stage

register = template.Library()

STAGES, SERVICES, LIGHTS = frozenset(Stage), frozenset(Service), frozenset(Light)

STAGE_TONES = {
    Stage.PLANNED: "calm",
    Stage.SITED: "calm",
    Stage.BUILDING: "work",
    Stage.FINISHED: "good",
    Stage.VERIFIED: "done",
    Stage.SUSPENDED: "bad",
    Stage.CANCELLED: "bad",
}
SERVICE_TONES = {
    Service.OPEN: "good",
    Service.CLOSED_TEMPORARILY: "bad",
    Service.CLOSED: "bad",
    Service.UNKNOWN: "calm",
}


@register.simple_tag(takes_context=True)
def page_url(context: Context, name: str, *args: object) -> str:
    """Address of a named page in this page's language and text size; empty when there is no such route."""
    try:
        return keep_view(reverse(name, args=args), is_large_page(context))
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def same_view(context: Context, url: str) -> str:
    """Any address of this site, in this page's text size."""
    return keep_view(url, is_large_page(context))


def is_large_page(context: Context) -> bool:
    chrome = context.get("chrome")
    return bool(chrome and chrome["large"])


@register.simple_tag(takes_context=True)
def map_settings_json(context: Context) -> SafeString:
    """What the scripts of a map are told, as JSON that a page may carry."""
    known = context.get("map_settings") or map_settings(large=is_large_page(context))
    return json_script(known, "page-settings")


@register.simple_tag(takes_context=True)
def nearby_url(context: Context, row: SiteRow) -> str:
    """/nearby/ from a site."""
    words = urlencode({"lon": degrees(row.lon), "lat": degrees(row.lat)})
    return keep_view(f"{reverse('nearby')}?{words}", is_large_page(context))


@register.simple_tag(takes_context=True)
def place_url(context: Context, row: SiteRow) -> str:
    """/nearby/ from a site, with the other words of the page as they are."""
    request = context["request"]
    words = request.GET.copy()
    words["q"] = row.name
    for word in ("lon", "lat", "after"):
        words.pop(word, None)
    return f"{request.path}?{words.urlencode()}"


@register.simple_tag(takes_context=True)
def map_url(context: Context, row: SiteRow) -> str:
    """The map page with a site's card open; whatever its state, it is shown."""
    address = f"{reverse('map')}?show=all#16/{degrees(row.lat)}/{degrees(row.lon)}/{row.public_id}"
    return keep_view(address, is_large_page(context))


@register.filter
def degrees(value: float) -> str:
    """Degrees with five decimals (about a metre), never localised."""
    return f"{value:.5f}"


@register.filter
def plain_number(value: Decimal) -> str:
    """`270.000` -> `270`, `1.500` -> `1.5`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def yes_no(value: object) -> object:
    """True and False as words; anything else as it is."""
    if value is True:
        return _("是")
    return _("否") if value is False else value


@register.filter
def local_name(value: Any, field: str = "name") -> str:
    """`name_en` on an English page where there is one, else `name_zh`; of an object or a mapping."""

    def read(key: str) -> str:
        found = value.get(key, "") if isinstance(value, Mapping) else getattr(value, key, "")
        return str(found or "")

    chinese, english = read(f"{field}_zh"), read(f"{field}_en")
    if (translation.get_language() or "").startswith("en"):
        return english or chinese
    return chinese or english


@register.filter
def stage_label(value: str) -> str:
    """`building` -> 建设中."""
    return _(Stage(value).term) if value in STAGES else value


@register.filter
def stage_tone(value: str) -> str:
    return STAGE_TONES[Stage(value)] if value in STAGES else "calm"


@register.filter
def is_under_way(value: str) -> bool:
    """Not finished: drawn hollow, and shown with its stage instead of its service."""
    return value in STAGES and Stage(value) not in FINISHED


@register.filter
def service_label(value: str) -> str:
    """`open` -> 开放."""
    return _(Service(value).term) if value in SERVICES else value


@register.filter
def service_tone(value: str) -> str:
    return SERVICE_TONES[Service(value)] if value in SERVICES else "calm"


@register.filter
def light_label(value: str) -> str:
    """`green` -> 绿灯."""
    return _(Light(value).term) if value in LIGHTS else value


@register.filter
def percent(value: Decimal | float | int | None) -> str:
    """`72.50` -> `72.5%`; an en dash where nothing has been reported."""
    if value is None:
        return "–"
    return formats.number_format(float(f"{float(value):.1f}"), use_l10n=True).removesuffix(".0") + "%"


@register.filter
def bar_width(value: Decimal | float | int | None) -> str:
    """A percentage as the width of an SVG bar, held to 0..100. Never localised: it is markup."""
    return f"{min(100.0, max(0.0, float(value or 0))):.2f}"


@register.filter
def distance(metres: float | None) -> str:
    """`840` -> `840 米`, `1,260` -> `1.3 公里`; rounded to what a walker can tell apart."""
    if metres is None:
        return ""
    if metres < 1000:
        return _("%(n)s 米") % {"n": formats.number_format(round(metres / 10) * 10 or 10)}
    kilometres = round(metres / 1000, 1)
    whole = kilometres >= 20 or kilometres.is_integer()
    return _("%(n)s 公里") % {"n": formats.number_format(round(kilometres) if whole else kilometres)}
