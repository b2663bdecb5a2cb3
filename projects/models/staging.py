"""Files on their way in: what was handed in, what it would change, and what is wrong with it.

Nothing here is the city's yet, and nothing of it is on the audit chain; what is applied becomes an
ImportBatch. The content lies in `projects.models.storedfiles` under `file_sha256`.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.choices import ROW_ACTIONS, STAGED_STATES
from projects.querysets.staging import StagedImportQuerySet
from projects.rules.vocabulary import StagedState


class StagedImport(models.Model):
    """One handed-in file. `options` is what `exchange.stagedoptions` writes, `description` what the readers
    said of the file, `columns` the header taken for each field, `counts` what `Plan` counted.

    `attempt` is the worker that may write to this row: whoever starts the work anew draws another one, and
    what an older worker still wants to write is refused. `planned_seq` is the number of the newest change
    when the check began. `error` says why the last work failed; `needs_check`: what was checked is out of
    date.
    """

    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("上传人"), on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField(_("上传时间"), default=timezone.now)
    file_name = models.CharField(_("文件"), max_length=255)
    file_sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    #: Of what was in a packed file; the same as `file_sha256` for any other. Known when it was checked.
    content_sha256 = models.CharField(max_length=64, blank=True)
    file_size = models.PositiveBigIntegerField(_("字节"))
    description = models.JSONField(default=dict)
    options = models.JSONField(_("选项"), default=dict)
    state = models.CharField(
        _("进度"), max_length=10, choices=STAGED_STATES, default=StagedState.UPLOADED.value
    )
    counts = models.JSONField(_("计数"), default=dict)
    notes = models.JSONField(_("说明"), default=list)
    columns = models.JSONField(_("列"), default=dict)
    error = models.TextField(_("原因"), blank=True)
    needs_check = models.BooleanField(default=False)
    planned_seq = models.BigIntegerField(null=True)
    attempt = models.CharField(max_length=32, blank=True)
    worker_started_at = models.DateTimeField(null=True)
    batch = models.ForeignKey(
        "projects.ImportBatch",
        verbose_name=_("批次"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="staged",
    )
    expires_at = models.DateTimeField(_("保留至"))

    objects = StagedImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("待导入文件")
        verbose_name_plural = _("导入表格")
        indexes = [models.Index(fields=["uploaded_by", "-id"], name="stagedimport_mine")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=StagedState.APPLIED.value, batch__isnull=False)
                | (~models.Q(state=StagedState.APPLIED.value) & models.Q(batch__isnull=True)),
                name="stagedimport_applied_has_batch",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def errors(self) -> int:
        """How many errors the last check found."""
        return int(self.counts.get("errors", 0))

    @property
    def can_apply(self) -> bool:
        """Whether the preview is whole, clean and of use."""
        return (
            self.state in (StagedState.CHECKED, StagedState.APPLYING)
            and not self.needs_check
            and not self.errors
            and bool(self.counts.get("created") or self.counts.get("updated"))
        )


class StagedRow(models.Model):
    """One row that would be written. `draft` is the site or the changes as `exchange.stagedvalues` writes
    them; `changes` (of an update) is what differs: `{field: [before, after]}`. Both are JSON as text: a
    hundred thousand of them are written and read without the database looking inside.
    """

    staged = models.ForeignKey(StagedImport, on_delete=models.CASCADE, related_name="planned")
    number = models.PositiveIntegerField(_("行"))
    action = models.CharField(_("动作"), max_length=10, choices=ROW_ACTIONS)
    code = models.CharField(_("点位编码"), max_length=64)
    label = models.CharField(_("点位"), max_length=200)
    managed_by = models.ForeignKey("projects.Division", on_delete=models.PROTECT, related_name="+")
    draft = models.TextField()
    changes = models.TextField(default="{}")

    class Meta:
        ordering = ["staged", "number"]
        verbose_name = _("待导入行")
        verbose_name_plural = _("待导入行")
        indexes = [models.Index(fields=["staged", "action", "number"], name="stagedrow_page")]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"


class StagedProblem(models.Model):
    """One thing that is wrong with a file, as `exchange.problems.Problem` says it. `row` 0 speaks of the file
    as a whole."""

    staged = models.ForeignKey(StagedImport, on_delete=models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField(_("行"))
    severity = models.CharField(_("级别"), max_length=8)
    column = models.CharField(_("列"), max_length=300)
    found = models.CharField(_("实际"), max_length=300)
    allowed = models.TextField(_("应为"))
    sentence = models.TextField(_("说明"))
    label = models.CharField(_("点位"), max_length=300)

    class Meta:
        ordering = ["staged", "row", "id"]
        verbose_name = _("导入问题")
        verbose_name_plural = _("导入问题")
        indexes = [models.Index(fields=["staged", "severity", "row", "id"], name="stagedproblem_page")]

    def __str__(self) -> str:
        return self.sentence


class ColumnMemory(models.Model):
    """How a person had a file with these headers read: proposed when such a file comes again.

    `fingerprint` is the SHA-256 of the normalised headers, in their alphabetical order.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)
    options = models.JSONField(default=dict)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("列的记忆")
        verbose_name_plural = _("列的记忆")
        constraints = [
            models.UniqueConstraint(fields=["user", "fingerprint"], name="columnmemory_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.fingerprint[:12]}"
