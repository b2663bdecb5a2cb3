"""Checkpoints of the audit chain, copied from the file outside the database so that pages can show them."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnlyError


class Checkpoint(models.Model):
    """One line of the checkpoint file (projects.rules.checkpoints). The file is the authority, not this row.

    `number` counts the lines of the file from 1.
    """

    number = models.PositiveIntegerField(_("编号"), primary_key=True)
    kind = models.CharField(_("种类"), max_length=12)
    seq = models.BigIntegerField(_("变更序号"))
    entry_hash = models.CharField(_("哈希"), max_length=64)
    epoch = models.UUIDField()
    signed_at = models.DateTimeField(_("时间"))
    line = models.TextField()

    class Meta:
        ordering = ["-number"]
        verbose_name = _("审计校验点")
        verbose_name_plural = _("审计校验点")

    def __str__(self) -> str:
        return f"{self.seq} {self.entry_hash[:16]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("checkpoints are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("checkpoints are never deleted")
