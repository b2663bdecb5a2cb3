"""Feedback of citizens: sent, answered once, later without its contact. Outside the change sequence."""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError, Invalid, NotAllowed
from projects.actions.sitewriting import target_of
from projects.models import Feedback, Site
from projects.permissions.access import Access, Permission, may
from projects.rules.feedback import LONGEST_ANSWER, MOST_OF_SITE, plain_text
from projects.rules.vocabulary import FeedbackKind, FeedbackState


class TooMuch(ActionError):
    """As much as is taken about one site on one day has come already."""


class AlreadyAnswered(ActionError):
    """Somebody else was faster."""


@dataclass(frozen=True, slots=True)
class FeedbackDraft:
    """What a citizen sent, checked for length."""

    kind: FeedbackKind
    text: str
    contact: str
    language: str
    reference: str


def send_feedback(*, public_id: str, draft: FeedbackDraft) -> Feedback | None:
    """Keep a message about a published site; None when there is none. Needs no access: anybody may.

    The same reference is kept once, however often it is sent. Raises TooMuch.
    """
    try:
        with transaction.atomic():
            site = Site.objects.public().filter(public_id=public_id).first()
            if site is None:
                return None
            today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
            if Feedback.objects.filter(site=site, sent_at__gte=today).count() >= MOST_OF_SITE:
                raise TooMuch(_("今天关于这个点位的反馈已经很多,工作人员正在处理。请明天再来。"))
            return Feedback.objects.create(
                site=site,
                reference=draft.reference,
                kind=draft.kind.value,
                text=draft.text,
                contact=draft.contact,
                language=draft.language,
            )
    except IntegrityError:
        return Feedback.objects.filter(reference=draft.reference, site__public_id=public_id).first()


def answer_feedback(*, access: Access, feedback_id: int, answer: str, is_abuse: bool = False) -> Feedback:
    """Answer a message, or close it as abuse (without an answer). Final: it is answered once.

    Raises NotAllowed, Invalid, AlreadyAnswered.
    """
    with transaction.atomic():
        row = Feedback.objects.select_for_update(of=("self",)).select_related("site").get(pk=feedback_id)
        if row.site.deleted_seq is not None or not may(
            access, Permission.FEEDBACK_HANDLE, target_of(row.site)
        ):
            raise NotAllowed(_("这条反馈不在您的管理范围内。"))
        text = "" if is_abuse else plain_text(answer)
        if not is_abuse and not text:
            raise Invalid({"answer": _("请写答复,或者按滥用关闭。")})
        if len(text) > LONGEST_ANSWER:
            raise Invalid({"answer": _("答复最多 %(most)d 个字。") % {"most": LONGEST_ANSWER}})
        state = FeedbackState.ABUSE if is_abuse else FeedbackState.ANSWERED
        # Asked of the row itself: SQLite knows no row locks.
        changed = Feedback.objects.filter(pk=row.pk, state=FeedbackState.WAITING.value).update(
            state=state.value, answer=text, answered_by_id=access.user_id, answered_at=timezone.now()
        )
        if not changed:
            raise AlreadyAnswered(_("这条反馈刚刚已由别人处理。"))
        row.refresh_from_db()
    return row


def forget_contacts(*, before: dt.datetime, is_rehearsal: bool = False) -> int:
    """Blank the contacts of what was answered or closed before that moment; how many they are."""
    rows = Feedback.objects.filter(answered_at__lt=before).exclude(contact="")
    return rows.count() if is_rehearsal else rows.update(contact="")
