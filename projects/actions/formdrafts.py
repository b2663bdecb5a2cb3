"""Writes to drafts of forms: outside the change sequence, for nobody has saved anything yet."""

import datetime as dt
from typing import Final

from django.db import transaction

from projects.models import FormDraft, User
from projects.models.formdrafts import DraftContent
from projects.rules.drafts import (
    KEPT_DAYS,
    LEAVING_SECONDS,
    MOST_DRAFTS,
    SAVE_SECONDS,
    form_address,
    value_of,
)

#: Where a form says which change of the row it was opened at.
_SEEN: Final = "seen_seq"


class TooSoon(Exception):
    """This form's draft was written a moment ago; `seconds` until it may be written again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} seconds")
        self.seconds = seconds


def save_draft(
    *,
    user: User,
    address: str,
    content: DraftContent,
    now: dt.datetime,
    leaving: bool = False,
    pace: bool = True,
) -> FormDraft | None:
    """Keep what stands in a form; the older draft of the same form goes. None where no draft is kept.

    `leaving`: the page goes away, so it may come sooner; without `pace` it may come at any time. Raises
    TooSoon.
    """
    known = form_address(address)
    if known is None:
        return None
    with transaction.atomic():
        draft = FormDraft.objects.select_for_update().filter(user=user, address=known).first()
        if draft is not None and pace:
            wait = dt.timedelta(seconds=LEAVING_SECONDS if leaving else SAVE_SECONDS)
            left = (draft.saved_at + wait - now).total_seconds()
            if 0 < left <= wait.total_seconds():
                raise TooSoon(-(-int(left * 1000) // 1000))
        if draft is None:
            _make_room(user, now)
            draft = FormDraft(user=user, address=known)
        seen = value_of(content.fields, _SEEN)
        draft.seen_seq = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= 18 else None
        draft.put(content)
        draft.saved_at = now
        draft.save()
    return draft


def forget_draft(*, user: User, address: str) -> None:
    """It was saved, or thrown away."""
    known = form_address(address)
    if known is not None:
        FormDraft.objects.filter(user=user, address=known).delete()


def _make_room(user: User, now: dt.datetime) -> None:
    FormDraft.objects.filter(saved_at__lte=now - dt.timedelta(days=KEPT_DAYS)).delete()
    own = FormDraft.objects.filter(user=user).order_by("-saved_at", "-pk")
    FormDraft.objects.filter(pk__in=list(own.values_list("pk", flat=True)[MOST_DRAFTS - 1 :])).delete()
