"""Files on their way in: handed in, planned, looked at; and batches that undo another."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0013_audit_proofs"),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnMemory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                ("options", models.JSONField(default=dict)),
                ("used_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "列的记忆",
                "verbose_name_plural": "列的记忆",
            },
        ),
        migrations.CreateModel(
            name="StagedImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uploaded_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="上传时间"),
                ),
                ("file_name", models.CharField(max_length=255, verbose_name="文件")),
                ("file_sha256", models.CharField(db_index=True, max_length=64, verbose_name="SHA-256")),
                ("content_sha256", models.CharField(blank=True, max_length=64)),
                ("file_size", models.PositiveBigIntegerField(verbose_name="字节")),
                ("description", models.JSONField(default=dict)),
                ("options", models.JSONField(default=dict, verbose_name="选项")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "已上传"),
                            ("checking", "检查中"),
                            ("checked", "已检查"),
                            ("applying", "写入中"),
                            ("applied", "已导入"),
                            ("failed", "无法读取"),
                            ("discarded", "已放弃"),
                        ],
                        default="uploaded",
                        max_length=10,
                        verbose_name="进度",
                    ),
                ),
                ("counts", models.JSONField(default=dict, verbose_name="计数")),
                ("notes", models.JSONField(default=list, verbose_name="说明")),
                ("columns", models.JSONField(default=dict, verbose_name="列")),
                ("error", models.TextField(blank=True, verbose_name="原因")),
                ("needs_check", models.BooleanField(default=False)),
                ("planned_seq", models.BigIntegerField(null=True)),
                ("attempt", models.CharField(blank=True, max_length=32)),
                ("worker_started_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(verbose_name="保留至")),
            ],
            options={
                "verbose_name": "待导入文件",
                "verbose_name_plural": "导入表格",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="StagedProblem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveIntegerField(verbose_name="行")),
                ("severity", models.CharField(max_length=8, verbose_name="级别")),
                ("column", models.CharField(max_length=300, verbose_name="列")),
                ("found", models.CharField(max_length=300, verbose_name="实际")),
                ("allowed", models.TextField(verbose_name="应为")),
                ("sentence", models.TextField(verbose_name="说明")),
                ("label", models.CharField(max_length=300, verbose_name="点位")),
            ],
            options={
                "verbose_name": "导入问题",
                "verbose_name_plural": "导入问题",
                "ordering": ["staged", "row", "id"],
            },
        ),
        migrations.CreateModel(
            name="StagedRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="行")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("create", "新增"),
                            ("update", "更新"),
                            ("unchanged", "未变"),
                            ("error", "有错误"),
                        ],
                        max_length=10,
                        verbose_name="动作",
                    ),
                ),
                ("code", models.CharField(max_length=64, verbose_name="点位编码")),
                ("label", models.CharField(max_length=200, verbose_name="点位")),
                ("draft", models.TextField()),
                ("changes", models.TextField(default="{}")),
            ],
            options={
                "verbose_name": "待导入行",
                "verbose_name_plural": "待导入行",
                "ordering": ["staged", "number"],
            },
        ),
        migrations.AddField(
            model_name="importbatch",
            name="kept_count",
            field=models.PositiveIntegerField(default=0, verbose_name="保留"),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="removed_count",
            field=models.PositiveIntegerField(default=0, verbose_name="移除"),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="undoes",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="projects.importbatch",
                verbose_name="撤销的批次",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undoes__isnull", False)),
                fields=("undoes",),
                name="importbatch_undone_once",
            ),
        ),
        migrations.AddField(
            model_name="columnmemory",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="stagedimport",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="staged",
                to="projects.importbatch",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="stagedimport",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="上传人",
            ),
        ),
        migrations.AddField(
            model_name="stagedproblem",
            name="staged",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="problems",
                to="projects.stagedimport",
            ),
        ),
        migrations.AddField(
            model_name="stagedrow",
            name="managed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="projects.division"
            ),
        ),
        migrations.AddField(
            model_name="stagedrow",
            name="staged",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="planned",
                to="projects.stagedimport",
            ),
        ),
        migrations.AddConstraint(
            model_name="columnmemory",
            constraint=models.UniqueConstraint(fields=("user", "fingerprint"), name="columnmemory_once"),
        ),
        migrations.AddIndex(
            model_name="stagedimport",
            index=models.Index(fields=["uploaded_by", "-id"], name="stagedimport_mine"),
        ),
        migrations.AddConstraint(
            model_name="stagedimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("batch__isnull", False), ("state", "applied")),
                    models.Q(models.Q(("state", "applied"), _negated=True), ("batch__isnull", True)),
                    _connector="OR",
                ),
                name="stagedimport_applied_has_batch",
            ),
        ),
        migrations.AddIndex(
            model_name="stagedproblem",
            index=models.Index(fields=["staged", "severity", "row", "id"], name="stagedproblem_page"),
        ),
        migrations.AddIndex(
            model_name="stagedrow",
            index=models.Index(fields=["staged", "action", "number"], name="stagedrow_page"),
        ),
    ]
