"""What the audit chain needs to be proved: checkpoints to be shown, and a salt for digests of people's rows."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import projects.models.people


def a_salt_each(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The column's default was drawn once for all rows."""
    users = apps.get_model("projects", "User").objects
    for pk in users.values_list("pk", flat=True):
        users.filter(pk=pk).update(audit_salt=projects.models.people.new_salt())


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0012_corrections_found"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                (
                    "number",
                    models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name="编号"),
                ),
                ("kind", models.CharField(max_length=12, verbose_name="种类")),
                ("seq", models.BigIntegerField(verbose_name="变更序号")),
                ("entry_hash", models.CharField(max_length=64, verbose_name="哈希")),
                ("epoch", models.UUIDField()),
                ("signed_at", models.DateTimeField(verbose_name="时间")),
                ("line", models.TextField()),
            ],
            options={
                "verbose_name": "审计校验点",
                "verbose_name_plural": "审计校验点",
                "ordering": ["-number"],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="audit_salt",
            field=models.CharField(default=projects.models.people.new_salt, editable=False, max_length=32),
        ),
        migrations.RunPython(a_salt_each, migrations.RunPython.noop),
    ]
