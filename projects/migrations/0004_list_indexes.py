"""Indexes of the lists, and what PostgreSQL has to know to choose one of them."""

import django.db.models.functions.comparison
import django.db.models.lookups
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def count_empty_states(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Without these statistics PostgreSQL takes nearly every state for one that counted towards something."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE STATISTICS sitestate_counts ON (CAST(contributions AS text)) FROM projects_sitestate"
        )


def forget_empty_states(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP STATISTICS sitestate_counts")


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0003_site_dimension"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["subject_type", "-seq"], name="audit_subject_type"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["division", "-seq"], name="audit_division"),
        ),
        migrations.AddIndex(
            model_name="lightspan",
            index=models.Index(
                condition=models.Q(
                    ("light__in", ["red", "yellow"]), ("site__isnull", False), ("superseded_at__isnull", True)
                ),
                fields=["valid_from", "valid_to", "site", "light"],
                name="lightspan_late",
            ),
        ),
        migrations.AddIndex(
            model_name="planchange",
            index=models.Index(fields=["-effective_on", "-id"], name="planchange_newest"),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(
                condition=models.Q(("deleted_seq__isnull", True), ("light__in", ["red", "yellow"])),
                fields=["managed_by", "light", "id"],
                name="site_late_managed",
            ),
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(
                condition=models.Q(("deleted_seq__isnull", False)), fields=["id"], name="site_removed"
            ),
        ),
        migrations.AddIndex(
            model_name="sitereport",
            index=models.Index(fields=["-as_of", "-id"], name="sitereport_newest"),
        ),
        migrations.AddIndex(
            model_name="sitestate",
            index=models.Index(
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        django.db.models.functions.comparison.Cast("contributions", models.TextField()),
                        models.Value("{}"),
                    ),
                    _negated=True,
                ),
                fields=["site", "effective_on", "id"],
                name="sitestate_counting",
            ),
        ),
        migrations.RunPython(count_empty_states, forget_empty_states),
    ]
