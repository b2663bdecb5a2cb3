"""Which forms have arrived: what a phone sends twice over a bad network is recorded once."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Submission(models.Model):
    """A form that was recorded, by the key that it was drawn with. Written with what it recorded, or not at
    all; of no further meaning."""

    key = models.CharField(_("编号"), max_length=36, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("录入人"), on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(_("录入时间"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("已收到的表单")
        verbose_name_plural = _("已收到的表单")

    def __str__(self) -> str:
        return self.key
