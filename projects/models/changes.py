"""The one change sequence and its hash-chained audit entries (written by projects.actions.ledger only)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnlyError

GENESIS_HASH = "0" * 64


class ChangeHead(models.Model):
    """The single row that every action locks last: the number and hash of the newest entry.

    Whoever holds it holds the right to commit the next number, so the order of numbers is the order of
    commits, without gaps. `epoch` names this history: a database restored from a backup gets a new one,
    and caches that remember another epoch throw themselves away.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    epoch = models.UUIDField()
    seq = models.BigIntegerField(default=0)
    entry_hash = models.CharField(max_length=64, default=GENESIS_HASH)
    #: When the newest entry was recorded: the next one is never earlier, whatever a machine's clock says.
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="changehead_single_row"),
            models.CheckConstraint(condition=models.Q(seq__gte=0), name="changehead_seq_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.epoch} {self.seq}"


class AuditEntry(models.Model):
    """Who did what to which row, under which number; each entry carries the hash of the one before.

    `hash` is SHA-256 over the canonical form of every other column (projects.actions.ledger). Personal
    data stays out: the actor is a number, and the payload holds a site's fields, never a person's.
    """

    seq = models.BigIntegerField(_("变更序号"), primary_key=True)
    recorded_at = models.DateTimeField(_("时间"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("操作人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    action = models.CharField(_("动作"), max_length=60)
    subject_type = models.CharField(_("对象类型"), max_length=40)
    subject_id = models.CharField(_("对象编号"), max_length=64)
    division = models.ForeignKey(
        "projects.Division",
        verbose_name=_("管理区划"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    payload = models.JSONField(_("内容"), default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-seq"], name="audit_subject"),
            models.Index(fields=["subject_type", "-seq"], name="audit_subject_type"),
            models.Index(fields=["division", "-seq"], name="audit_division"),
            models.Index(fields=["recorded_at", "seq"], name="audit_recorded"),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(seq__gte=1), name="audit_seq_from_one")]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.subject_type}:{self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("audit entries are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("audit entries are never deleted")
