"""Links of figures: to the method that made them, and to other pages about the same day."""

from django import template
from django.http import QueryDict
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from projects.pages.context import keep_view
from projects.templatetags.chrome import is_large_page

register = template.Library()

#: What other pages about districts are told of this one: the day, the moment, the year.
KEPT_WORDS = ("as_of", "known_at", "programme")


@register.simple_tag(takes_context=True)
def method(context: Context, anchor: str, text: str) -> SafeString:
    """The words of a figure, leading to how it is worked out; plain words where there is no such page."""
    return _link(context, anchor, text) or format_html("{}", text)


@register.simple_tag(takes_context=True)
def method_note(context: Context, anchor: str, text: str) -> SafeString:
    """A link that says nothing but that it leads to the method; nothing where there is no such page."""
    return _link(context, anchor, text)


def _link(context: Context, anchor: str, text: str) -> SafeString:
    try:
        url = keep_view(reverse("methodology"), is_large_page(context))
    except NoReverseMatch:
        return SafeString("")
    return format_html('<a class="method-word" href="{}#{}">{}</a>', url, anchor, text)


@register.simple_tag(takes_context=True)
def same_day_url(context: Context, name: str, *args: object) -> str:
    """A named page about the same day, moment and year, in this page's language and text size.

    Only what this page's own address says is kept: a plain address stays plain.
    """
    url = reverse(name, args=args)
    request = context.get("request")
    if request is not None:
        words = QueryDict(mutable=True)
        for word in KEPT_WORDS:
            if value := request.GET.get(word):
                words[word] = value
        url = f"{url}?{words.urlencode()}" if words else url
    return keep_view(url, is_large_page(context))
