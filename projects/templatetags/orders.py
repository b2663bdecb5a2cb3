"""Supervision orders beside other things."""

from collections.abc import Mapping

from django import template

from projects.models import SupervisionOrder

register = template.Library()


@register.filter
def of_site(orders: Mapping[int, SupervisionOrder] | str, pk: int) -> SupervisionOrder | None:
    """The open order of a site, of those that a page found; None: there is none."""
    return None if isinstance(orders, str) else orders.get(pk)
