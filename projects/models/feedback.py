"""What citizens say about a site, and what they were answered. Outside the change sequence (ADR 0041)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.choices import FEEDBACK_KINDS, FEEDBACK_STATES
from projects.rules.feedback import LONGEST_ANSWER, LONGEST_CONTACT, LONGEST_TEXT
from projects.rules.vocabulary import FeedbackKind, FeedbackState


class Feedback(models.Model):
    """One message. `contact` is personal: shown to who handles the site's feedback, and blanked some time
    after the answer. Neither an address of the network nor anything else of the sender is kept."""

    site = models.ForeignKey(
        "projects.Site", verbose_name=_("点位"), on_delete=models.PROTECT, related_name="feedback"
    )
    reference = models.CharField(_("反馈编号"), max_length=20, unique=True)
    kind = models.CharField(
        _("反馈类型"), max_length=20, choices=FEEDBACK_KINDS, default=FeedbackKind.OTHER.value
    )
    text = models.TextField(_("反馈内容"), max_length=LONGEST_TEXT)
    contact = models.CharField(_("联系方式"), max_length=LONGEST_CONTACT, blank=True)
    language = models.CharField(
        _("语言"), max_length=10, choices=[("zh-hans", _("简体中文")), ("en", _("英文"))]
    )
    sent_at = models.DateTimeField(_("收到时间"), default=timezone.now)
    state = models.CharField(
        _("状态"), max_length=20, choices=FEEDBACK_STATES, default=FeedbackState.WAITING.value
    )
    answer = models.TextField(_("答复"), max_length=LONGEST_ANSWER, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("答复人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("市民反馈")
        verbose_name_plural = _("市民反馈")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="feedback_says_something"),
            models.CheckConstraint(
                condition=Q(state=FeedbackState.WAITING.value, answered_at__isnull=True, answer="")
                | Q(state=FeedbackState.ANSWERED.value, answered_at__isnull=False) & ~Q(answer="")
                | Q(state=FeedbackState.ABUSE.value, answered_at__isnull=False, answer=""),
                name="feedback_answered_once_answered",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "sent_at"], name="feedback_of_site"),
            models.Index(
                fields=["sent_at", "id"],
                name="feedback_waiting",
                condition=Q(state=FeedbackState.WAITING.value),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
