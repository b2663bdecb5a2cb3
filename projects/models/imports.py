"""What came in by file: which file, who, how it was read, what it changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, corrections_index


class ImportBatch(AppendOnly):
    """One applied import, or the undoing of one. `first_seq`..`last_seq` are its numbers in the change
    sequence. The batch that `undoes` another names it; its counts are then sites put back (`created_count`),
    put right (`updated_count`), taken away (`removed_count`), and left alone because somebody had changed
    them since (`kept_count`).
    """

    file_name = models.CharField(_("文件"), max_length=255)
    file_sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    options = models.JSONField(_("选项"), default=dict)
    rows = models.PositiveIntegerField(_("行数"))
    created_count = models.PositiveIntegerField(_("新增"))
    updated_count = models.PositiveIntegerField(_("更新"))
    unchanged_count = models.PositiveIntegerField(_("未变"))
    removed_count = models.PositiveIntegerField(_("移除"), default=0)
    kept_count = models.PositiveIntegerField(_("保留"), default=0)
    first_seq = models.BigIntegerField(_("首个变更序号"), null=True)
    last_seq = models.BigIntegerField(_("末个变更序号"), null=True)

    undoes = models.ForeignKey(
        "self",
        verbose_name=_("撤销的批次"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="undone_by",
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("导入批次")
        verbose_name_plural = _("导入批次")
        constraints = [
            models.UniqueConstraint(
                fields=["undoes"], condition=models.Q(undoes__isnull=False), name="importbatch_undone_once"
            )
        ]
        indexes = [corrections_index("importbatch_corrections")]

    def __str__(self) -> str:
        return f"{self.file_name} {self.recorded_at:%Y-%m-%d}"

    @property
    def undoing(self) -> "ImportBatch | None":
        """The batch that undid this one."""
        return ImportBatch.objects.filter(undoes_id=self.pk).first()

    @property
    def is_in_effect(self) -> bool:
        """Whether what it did still stands: undoing an undo does it again."""
        undoing = self.undoing
        return undoing is None or not undoing.is_in_effect
