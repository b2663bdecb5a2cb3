"""Targets, money arranged and published figures as statements; closed periods and requests to correct them.

What was stored as a value becomes its first statement, recorded by the change that set the value.
"""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

#: The ground of a statement that the row itself does not give.
BASIS = "系统升级前登记"


def state_what_is_stored(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """One statement for each stored value, in force from the first day of its programme."""

    def get(name: str) -> Any:
        return apps.get_model("projects", name)

    entries = get("AuditEntry").objects

    def recorded(row: Any, field: str = "") -> dict[str, Any]:
        """When, by whom and under which number the value was set, as the audit chain tells."""
        own = entries.filter(subject_type=row._meta.model_name, subject_id=str(row.pk)).order_by("-seq")
        for entry in own.iterator():
            if not field or field in entry.payload.get("changed", {}):
                return {
                    "recorded_at": entry.recorded_at,
                    "recorded_by_id": entry.actor_id,
                    "changed_seq": entry.seq,
                }
        return {"changed_seq": row.changed_seq}

    targets = []
    for row in get("Indicator").objects.filter(target__isnull=False).select_related("category__programme"):
        targets.append((row, row, None))
    for row in (
        get("DivisionTarget")
        .objects.filter(deleted_seq__isnull=True)
        .select_related("indicator__category__programme")
    ):
        targets.append((row, row.indicator, row.division_id))
    get("TargetStatement").objects.bulk_create(
        [
            get("TargetStatement")(
                indicator_id=indicator.pk,
                division_id=division_id,
                effective_on=indicator.category.programme.period_start,
                target=row.target,
                source=indicator.category.programme.source or BASIS,
                **recorded(row, "target"),
            )
            for row, indicator, division_id in targets
        ]
    )
    get("FundingArrangement").objects.bulk_create(
        [
            get("FundingArrangement")(
                line_id=row.pk,
                effective_on=row.programme.period_start,
                arranged=row.arranged,
                basis=row.statement or BASIS,
                **recorded(row, "arranged"),
            )
            for row in get("FundingLine").objects.filter(deleted_seq__isnull=True).select_related("programme")
        ]
    )
    for row in get("PublishedFigure").objects.all():
        get("PublishedFigure").objects.filter(pk=row.pk).update(**recorded(row))


class Migration(migrations.Migration):
    # PostgreSQL alters no table in the transaction that has just updated its rows.
    atomic = False

    dependencies = [
        ("projects", "0006_rollups"),
    ]

    operations = [
        migrations.CreateModel(
            name="CorrectionRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("closed_through", models.DateField(verbose_name="关账截至")),
                ("effective_on", models.DateField(verbose_name="涉及的最早日期")),
                ("action", models.CharField(max_length=60, verbose_name="动作")),
                ("subject", models.CharField(max_length=300, verbose_name="对象")),
                ("payload", models.JSONField(verbose_name="内容")),
                ("reason", models.CharField(max_length=500, verbose_name="更正原因")),
                (
                    "requested_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="申请时间"),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[("waiting", "待审批"), ("approved", "已批准"), ("refused", "未批准")],
                        default="waiting",
                        max_length=10,
                        verbose_name="处理结果",
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="处理时间")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="审批意见")),
                (
                    "changed_seq",
                    models.BigIntegerField(db_index=True, default=0, editable=False, verbose_name="变更序号"),
                ),
            ],
            options={
                "verbose_name": "更正申请",
                "verbose_name_plural": "更正申请",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="FundingArrangement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_index=True,
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="录入时间",
                    ),
                ),
                ("correction_reason", models.CharField(blank=True, max_length=500, verbose_name="更正原因")),
                (
                    "changed_seq",
                    models.BigIntegerField(db_index=True, default=0, editable=False, verbose_name="变更序号"),
                ),
                (
                    "effective_on",
                    models.DateField(help_text="从这一天起按这个金额计算。", verbose_name="生效日期"),
                ),
                (
                    "arranged",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="安排金额(元)"),
                ),
                (
                    "basis",
                    models.CharField(help_text="文件、会议或原因。", max_length=300, verbose_name="依据"),
                ),
            ],
            options={
                "verbose_name": "资金安排登记",
                "verbose_name_plural": "资金安排登记",
                "ordering": ["line", "effective_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="PeriodClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_index=True,
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="录入时间",
                    ),
                ),
                ("correction_reason", models.CharField(blank=True, max_length=500, verbose_name="更正原因")),
                (
                    "changed_seq",
                    models.BigIntegerField(db_index=True, default=0, editable=False, verbose_name="变更序号"),
                ),
                ("through", models.DateField(help_text="一个月的最后一天。", verbose_name="关账截至")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="说明")),
            ],
            options={
                "verbose_name": "关账",
                "verbose_name_plural": "关账",
                "ordering": ["programme", "-through"],
            },
        ),
        migrations.CreateModel(
            name="TargetStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_index=True,
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="录入时间",
                    ),
                ),
                ("correction_reason", models.CharField(blank=True, max_length=500, verbose_name="更正原因")),
                (
                    "changed_seq",
                    models.BigIntegerField(db_index=True, default=0, editable=False, verbose_name="变更序号"),
                ),
                (
                    "effective_on",
                    models.DateField(help_text="从这一天起按这个目标计算。", verbose_name="生效日期"),
                ),
                (
                    "target",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="没有目标请留空,不要填 0。",
                        max_digits=16,
                        null=True,
                        verbose_name="目标",
                    ),
                ),
                (
                    "source",
                    models.CharField(help_text="文件、会议或原因。", max_length=300, verbose_name="依据"),
                ),
            ],
            options={
                "verbose_name": "目标登记",
                "verbose_name_plural": "目标登记",
                "ordering": ["indicator", "division", "effective_on", "id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="publishedfigure",
            name="publishedfigure_key_once",
        ),
        migrations.RemoveField(
            model_name="publishedfigure",
            name="deleted_seq",
        ),
        migrations.AddField(
            model_name="fundingreport",
            name="note",
            field=models.CharField(
                blank=True,
                help_text="累计使用金额比别的报告少(例如退款)时须写明原因。",
                max_length=300,
                verbose_name="说明",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="weight",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="只在文件规定了权重时填写;全部项目都有权重才计算加权平均。",
                max_digits=8,
                null=True,
                verbose_name="权重",
            ),
        ),
        migrations.AddField(
            model_name="publishedfigure",
            name="correction_reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="更正原因"),
        ),
        migrations.AddField(
            model_name="publishedfigure",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="projects.publishedfigure",
                verbose_name="更正",
            ),
        ),
        migrations.AddField(
            model_name="publishedfigure",
            name="recorded_at",
            field=models.DateTimeField(
                db_index=True, default=django.utils.timezone.now, editable=False, verbose_name="录入时间"
            ),
        ),
        migrations.AddField(
            model_name="publishedfigure",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="录入人",
            ),
        ),
        migrations.AddField(
            model_name="publishedfigure",
            name="withdrawn",
            field=models.BooleanField(
                default=False, help_text="只在更正时勾选:来源里其实没有这个数字。", verbose_name="撤销"
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__isnull", True), ("weight__gt", 0), _connector="OR"),
                name="project_weight_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedfigure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", True)),
                fields=("programme", "key"),
                name="publishedfigure_key_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn", False), ("corrects__isnull", False), _connector="OR"),
                name="publishedfigure_withdrawn_is_correction",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("corrects__isnull", True),
                    models.Q(("correction_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="publishedfigure_correction_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedfigure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", False)),
                fields=("corrects",),
                name="publishedfigure_corrected_once",
            ),
        ),
        migrations.AddField(
            model_name="correctionrequest",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="审批人",
            ),
        ),
        migrations.AddField(
            model_name="correctionrequest",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="projects.programme",
                verbose_name="年度",
            ),
        ),
        migrations.AddField(
            model_name="correctionrequest",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="申请人",
            ),
        ),
        migrations.AddField(
            model_name="fundingarrangement",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="projects.fundingarrangement",
                verbose_name="更正",
            ),
        ),
        migrations.AddField(
            model_name="fundingarrangement",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="arrangements",
                to="projects.fundingline",
                verbose_name="资金安排",
            ),
        ),
        migrations.AddField(
            model_name="fundingarrangement",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="录入人",
            ),
        ),
        migrations.AddField(
            model_name="periodclosing",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="projects.periodclosing",
                verbose_name="更正",
            ),
        ),
        migrations.AddField(
            model_name="periodclosing",
            name="programme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="closings",
                to="projects.programme",
                verbose_name="年度",
            ),
        ),
        migrations.AddField(
            model_name="periodclosing",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="录入人",
            ),
        ),
        migrations.AddField(
            model_name="targetstatement",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="projects.targetstatement",
                verbose_name="更正",
            ),
        ),
        migrations.AddField(
            model_name="targetstatement",
            name="division",
            field=models.ForeignKey(
                blank=True,
                help_text="留空表示全市的目标。",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="projects.division",
                verbose_name="区划",
            ),
        ),
        migrations.AddField(
            model_name="targetstatement",
            name="indicator",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="target_statements",
                to="projects.indicator",
                verbose_name="指标",
            ),
        ),
        migrations.AddField(
            model_name="targetstatement",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="录入人",
            ),
        ),
        migrations.AddIndex(
            model_name="correctionrequest",
            index=models.Index(fields=["decision", "-id"], name="correctionrequest_waiting"),
        ),
        migrations.AddConstraint(
            model_name="correctionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="correctionrequest_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="correctionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by__isnull", True), ("decision", "waiting")
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("decision__in", ["approved", "refused"]),
                    ),
                    _connector="OR",
                ),
                name="correctionrequest_decided_pair",
            ),
        ),
        migrations.AddConstraint(
            model_name="correctionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="correctionrequest_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="correctionrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision", "refused"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="correctionrequest_refusal_has_note",
            ),
        ),
        migrations.AddIndex(
            model_name="fundingarrangement",
            index=models.Index(fields=["line", "-effective_on"], name="fundingarrangement_latest"),
        ),
        migrations.AddConstraint(
            model_name="fundingarrangement",
            constraint=models.CheckConstraint(
                condition=models.Q(("arranged__gte", 0)), name="fundingarrangement_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingarrangement",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis", ""), _negated=True), name="fundingarrangement_has_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingarrangement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("corrects__isnull", True),
                    models.Q(("correction_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="fundingarrangement_correction_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingarrangement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", False)),
                fields=("corrects",),
                name="fundingarrangement_corrected_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="periodclosing",
            constraint=models.UniqueConstraint(fields=("programme", "through"), name="periodclosing_once"),
        ),
        migrations.AddIndex(
            model_name="targetstatement",
            index=models.Index(
                fields=["indicator", "division", "-effective_on"], name="targetstatement_latest"
            ),
        ),
        migrations.AddConstraint(
            model_name="targetstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__isnull", True), ("target__gt", 0), _connector="OR"),
                name="targetstatement_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", ""), _negated=True), name="targetstatement_has_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="targetstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("corrects__isnull", True),
                    models.Q(("correction_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="targetstatement_correction_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="targetstatement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrects__isnull", False)),
                fields=("corrects",),
                name="targetstatement_corrected_once",
            ),
        ),
        migrations.RunPython(state_what_is_stored, migrations.RunPython.noop),
    ]
