"""What every page's frame needs: language, text size, navigation. No user, no database."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.addresses import in_language, with_query

LARGE = "large"
#: The route's name and its word, in the order of the navigation. One that is not routed is left out.
NAVIGATION: tuple[tuple[str, Promise], ...] = (
    ("map", _("地图")),
    ("nearby", _("附近列表")),
    ("districts", _("区县进展")),
    ("programmes", _("年度实事")),
    ("methodology", _("口径说明")),
)


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    current: bool


def is_large(request: HttpRequest) -> bool:
    """Large text is part of the address: a shared page is the same for whoever asks for it."""
    return request.GET.get("view") == LARGE


def keep_view(url: str, large: bool) -> str:
    """The same address in the text size of this page. Addresses of other hosts stay as they are."""
    if not large or not url.startswith("/") or url.startswith("//"):
        return url
    rest, hash_sign, fragment = url.partition("#")
    path, _question, query = rest.partition("?")
    words = QueryDict(query, mutable=True)
    words["view"] = LARGE
    return f"{path}?{words.urlencode()}{hash_sign}{fragment}"


def navigation(path: str, large: bool) -> tuple[NavigationItem, ...]:
    items = []
    for name, label in NAVIGATION:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        home = in_language(url, "zh-hans") == "/"
        current = path == url if home else path.startswith(url)
        items.append(NavigationItem(str(label), keep_view(url, large), current))
    return tuple(items)


def site_chrome(request: HttpRequest) -> dict[str, object]:
    """Context processor: `chrome`, used by base.html and the template tags."""
    if in_language(request.path, "zh-hans").startswith("/admin/"):
        return {}
    large = is_large(request)
    query = request.GET.copy()
    if large:
        del query["view"]
    else:
        query["view"] = LARGE
    other = "zh-hans" if (translation.get_language() or "").startswith("en") else "en"
    try:
        home = reverse("map")
    except NoReverseMatch:
        home = "/"
    return {
        "chrome": {
            "large": large,
            "home": keep_view(home, large),
            "navigation": navigation(request.path, large),
            "text_size_url": with_query(request.path, query),
            "language_url": with_query(in_language(request.path, other), request.GET),
            "canonical_language_path": in_language(request.path, "zh-hans"),
            "english_path": in_language(request.path, "en"),
            "demo": settings.DEMO,
        }
    }
