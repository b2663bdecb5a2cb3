"""Photos as evidence, what is decided of each, and which forms have arrived."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0014_staged_imports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Photo",
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
                    "purpose",
                    models.CharField(
                        choices=[("progress", "进度"), ("verification", "核验"), ("rectification", "整改")],
                        default="progress",
                        max_length=16,
                        verbose_name="用途",
                    ),
                ),
                ("caption", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                (
                    "original_sha256",
                    models.CharField(db_index=True, max_length=64, verbose_name="原件 SHA-256"),
                ),
                ("original_type", models.CharField(max_length=20, verbose_name="原件格式")),
                ("original_bytes", models.PositiveIntegerField(verbose_name="原件字节数")),
                (
                    "picture_sha256",
                    models.CharField(db_index=True, max_length=64, verbose_name="图片 SHA-256"),
                ),
                ("picture_width", models.PositiveIntegerField(verbose_name="宽")),
                ("picture_height", models.PositiveIntegerField(verbose_name="高")),
                (
                    "thumbnail_sha256",
                    models.CharField(db_index=True, max_length=64, verbose_name="缩略图 SHA-256"),
                ),
                ("has_exif", models.BooleanField(default=False, verbose_name="有拍摄信息")),
                ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="拍摄时间")),
                ("taken_text", models.CharField(blank=True, max_length=19, verbose_name="原件写的拍摄时间")),
                ("taken_lon", models.FloatField(blank=True, null=True, verbose_name="拍摄经度")),
                ("taken_lat", models.FloatField(blank=True, null=True, verbose_name="拍摄纬度")),
                (
                    "taken_distance_m",
                    models.FloatField(blank=True, null=True, verbose_name="拍摄位置距点位(米)"),
                ),
                ("device_lon", models.FloatField(blank=True, null=True, verbose_name="设备经度")),
                ("device_lat", models.FloatField(blank=True, null=True, verbose_name="设备纬度")),
                (
                    "device_accuracy_m",
                    models.FloatField(blank=True, null=True, verbose_name="设备定位精度(米)"),
                ),
                ("device_at", models.DateTimeField(blank=True, null=True, verbose_name="设备定位时间")),
                (
                    "device_distance_m",
                    models.FloatField(blank=True, null=True, verbose_name="设备位置距点位(米)"),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="projects.photo",
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
                (
                    "report",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="projects.sitereport",
                        verbose_name="进度报告",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="projects.site",
                        verbose_name="点位",
                    ),
                ),
            ],
            options={
                "verbose_name": "照片",
                "verbose_name_plural": "照片",
                "ordering": ["site", "id"],
            },
        ),
        migrations.CreateModel(
            name="PhotoDecision",
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
                    "verdict",
                    models.CharField(
                        choices=[("public", "公开"), ("internal", "不公开"), ("withdrawn", "撤回")],
                        max_length=10,
                        verbose_name="决定",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="原因")),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="projects.photodecision",
                        verbose_name="更正",
                    ),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="projects.photo",
                        verbose_name="照片",
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
                "verbose_name": "照片的决定",
                "verbose_name_plural": "照片的决定",
                "ordering": ["photo", "id"],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "key",
                    models.CharField(max_length=36, primary_key=True, serialize=False, verbose_name="编号"),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="录入时间"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="录入人",
                    ),
                ),
            ],
            options={
                "verbose_name": "已收到的表单",
                "verbose_name_plural": "已收到的表单",
            },
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)), fields=["corrects"], name="photo_corrections"
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(fields=["site", "-id"], name="photo_newest_of_site"),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("corrects__isnull", True),
                    models.Q(("correction_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="photo_correction_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("taken_distance_m__isnull", True),
                        ("taken_lat__isnull", True),
                        ("taken_lon__isnull", True),
                    ),
                    models.Q(
                        ("taken_distance_m__isnull", False),
                        ("taken_lat__range", (-90, 90)),
                        ("taken_lon__range", (-180, 180)),
                    ),
                    _connector="OR",
                ),
                name="photo_taken_position_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("device_accuracy_m__isnull", True),
                        ("device_distance_m__isnull", True),
                        ("device_lat__isnull", True),
                        ("device_lon__isnull", True),
                    ),
                    models.Q(
                        ("device_accuracy_m__gte", 0),
                        ("device_distance_m__isnull", False),
                        ("device_lat__range", (-90, 90)),
                        ("device_lon__range", (-180, 180)),
                    ),
                    _connector="OR",
                ),
                name="photo_device_position_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="photodecision",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="photodecision_corrections",
            ),
        ),
        migrations.AddConstraint(
            model_name="photodecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("corrects__isnull", True),
                    models.Q(("correction_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="photodecision_correction_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="photodecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verdict", "withdrawn"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="photodecision_withdrawn_says_why",
            ),
        ),
    ]
