"""What the aggregates share: names in two languages, the change stamp, the append-only row."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from projects.querysets.recorded import RecordedQuerySet


class AppendOnlyError(Exception):
    """A row that says what was reported or recorded was about to be changed in place."""


class TwoNames(models.Model):
    """A name in Chinese, which is always there, and one in English, which may be missing."""

    name_zh = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page; Chinese where there is no English one."""
        if (translation.get_language() or "").startswith("en"):
            return self.name_en or self.name_zh
        return self.name_zh


class Stamped(models.Model):
    """Carries the number of the change that last touched the row, which is also its version for caches."""

    changed_seq = models.BigIntegerField(_("变更序号"), default=0, db_index=True, editable=False)
    deleted_seq = models.BigIntegerField(_("删除序号"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class AppendOnly(models.Model):
    """A statement made on a day: never edited, never removed; a correction is a new row with a reason."""

    recorded_at = models.DateTimeField(_("录入时间"), default=timezone.now, editable=False, db_index=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("录入人"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    corrects = models.ForeignKey(
        "self",
        verbose_name=_("更正"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
    )
    correction_reason = models.CharField(_("更正原因"), max_length=500, blank=True)
    changed_seq = models.BigIntegerField(_("变更序号"), default=0, db_index=True, editable=False)

    objects = RecordedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} {self.pk} is append-only: record a correction")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError(f"{type(self).__name__} {self.pk} is append-only: it cannot be deleted")


def correction_has_reason(name: str) -> models.CheckConstraint:
    """A correction without a reason would repaint the past without saying why."""
    return models.CheckConstraint(
        condition=models.Q(corrects__isnull=True) | ~models.Q(correction_reason=""), name=name
    )


def corrected_once(name: str) -> models.UniqueConstraint:
    """A row is corrected by one row, which may be corrected in turn: one version stands."""
    return models.UniqueConstraint(fields=["corrects"], condition=models.Q(corrects__isnull=False), name=name)


def corrections_index(name: str) -> models.Index:
    """Finds a row's correction at once. Nearly no row corrects another, so the foreign key's own index says
    nothing to a planner that counts (SQLite after ANALYZE would rather read the whole table for each row).
    """
    return models.Index(fields=["corrects"], name=name, condition=models.Q(corrects__isnull=False))
