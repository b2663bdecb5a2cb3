"""Lag policies as versioned data: the thresholds differ between cities and years."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.base import Stamped, TwoNames


class LagPolicy(TwoNames, Stamped):
    """One version of one city's rule for lights. `rules` is read by projects.rules.policy alone.

    A version in use is never edited: a change is a new version, so that old lights keep their reason.
    """

    key = models.SlugField(_("代码"), max_length=60)
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    rules = models.JSONField(_("规则"))
    source = models.CharField(_("依据"), max_length=2000)
    effective_from = models.DateField(_("生效日期"))

    class Meta:
        verbose_name = _("亮灯规则")
        verbose_name_plural = _("亮灯规则")
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="lagpolicy_one_per_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="lagpolicy_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
