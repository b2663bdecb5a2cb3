"""A step of a history: an order that is issued, signed for, extended or raised, and closed or withdrawn."""

import datetime as dt
from dataclasses import replace
from random import Random
from typing import Any

from django.utils import timezone

from projects.actions.ordermatters import SubjectDraft
from projects.actions.orders import OrderDraft, issue_order
from projects.actions.ordersteps import (
    ask_extension,
    close_order,
    grant_extension,
    raise_order,
    report_back,
    return_order,
    sign_order,
    start_order,
    withdraw_order,
)
from projects.models import SupervisionOrder
from projects.rules.vocabulary import OrderGrade, PhotoPurpose, RaiseCause
from tests.factories import World
from tests.photographs import draft_of_photo


def ordered(world: World, random: Random) -> None:
    site = world.add(world.planned(counts_for=(("03-meal", 1),)))[0]
    order = issue_order(
        access=world.access("supervisor"), draft=OrderDraft(SubjectDraft(site_id=site.pk), "按期完成")
    )
    editor, reviewer = world.access("haishu"), world.access("supervisor")

    def now() -> dict[str, Any]:
        return {
            "order_id": order.pk,
            "expected_seq": SupervisionOrder.objects.values_list("changed_seq", flat=True).get(pk=order.pk),
        }

    if random.random() < 0.3:
        withdraw_order(access=reviewer, **now(), text="发错")
        return
    if random.random() < 0.5:
        raise_order(access=reviewer, **now(), grade=OrderGrade.RED, cause=RaiseCause.SERIOUS, text="情况严重")
    sign_order(access=editor, **now())
    start_order(access=editor, **now(), text="已安排")
    if random.random() < 0.5:
        wanted = timezone.localdate() + dt.timedelta(days=60)
        ask_extension(access=editor, **now(), wanted_on=wanted, text="雨季")
        grant_extension(access=reviewer, **now())
    photo = replace(draft_of_photo(), purpose=PhotoPurpose.RECTIFICATION)
    report_back(access=editor, **now(), text="已办", photos=[photo])
    return_order(access=reviewer, **now(), text="补材料")
    report_back(access=editor, **now(), text="已补")
    close_order(access=reviewer, **now(), text="同意")
