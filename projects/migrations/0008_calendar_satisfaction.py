"""Holidays as loaded by the city, satisfaction votes, and room for what a policy says of its source."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0007_promised_by_date"),
    ]

    operations = [
        migrations.AddField(
            model_name="programme",
            name="publishes_satisfaction",
            field=models.BooleanField(default=False, verbose_name="公布满意度测评"),
        ),
        migrations.AlterField(
            model_name="lagpolicy",
            name="source",
            field=models.CharField(max_length=2000, verbose_name="依据"),
        ),
        migrations.CreateModel(
            name="HolidayTable",
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
                ("year", models.PositiveSmallIntegerField(verbose_name="年份")),
                ("days", models.JSONField(blank=True, default=list, verbose_name="日期")),
                ("source", models.CharField(blank=True, max_length=300, verbose_name="依据")),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="projects.holidaytable",
                        verbose_name="更正",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="录入人",
                    ),
                ),
            ],
            options={
                "verbose_name": "节假日安排",
                "verbose_name_plural": "节假日安排",
                "ordering": ["-year", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("year__gte", 1949), ("year__lte", 2999)),
                        name="holidaytable_year_range",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("corrects__isnull", False)),
                        fields=("corrects",),
                        name="holidaytable_corrected_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("corrects__isnull", True)),
                        fields=("year",),
                        name="holidaytable_one_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("corrects__isnull", True),
                            models.Q(("correction_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="holidaytable_correction_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SatisfactionVote",
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
                ("held_on", models.DateField(verbose_name="测评日期")),
                ("entitled", models.PositiveIntegerField(verbose_name="应到人数")),
                ("present", models.PositiveIntegerField(verbose_name="实到人数")),
                (
                    "base",
                    models.CharField(
                        choices=[("present", "实到"), ("entitled", "应到")],
                        default="present",
                        max_length=10,
                        verbose_name="基数",
                    ),
                ),
                ("satisfied", models.PositiveIntegerField(verbose_name="满意票")),
                ("basically_satisfied", models.PositiveIntegerField(verbose_name="基本满意票")),
                ("dissatisfied", models.PositiveIntegerField(verbose_name="不满意票")),
                ("source", models.CharField(blank=True, max_length=300, verbose_name="来源")),
                ("is_demo", models.BooleanField(default=False, editable=False, verbose_name="演示数据")),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="projects.category",
                        verbose_name="类",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="projects.satisfactionvote",
                        verbose_name="更正",
                    ),
                ),
                (
                    "division",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="projects.division",
                        verbose_name="区划",
                    ),
                ),
                (
                    "indicator",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="projects.indicator",
                        verbose_name="指标",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="satisfaction_votes",
                        to="projects.programme",
                        verbose_name="年度",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="录入人",
                    ),
                ),
            ],
            options={
                "verbose_name": "满意度测评",
                "verbose_name_plural": "满意度测评",
                "ordering": ["-held_on", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("present__lte", models.F("entitled"))),
                        name="satisfactionvote_present_at_most_entitled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "present__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("satisfied"), "+", models.F("basically_satisfied")
                                    ),
                                    "+",
                                    models.F("dissatisfied"),
                                ),
                            )
                        ),
                        name="satisfactionvote_votes_at_most_present",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("category__isnull", True), ("indicator__isnull", True), _connector="OR"
                        ),
                        name="satisfactionvote_category_or_indicator",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("corrects__isnull", True),
                            models.Q(("correction_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="satisfactionvote_correction_reason",
                    ),
                ],
            },
        ),
    ]
