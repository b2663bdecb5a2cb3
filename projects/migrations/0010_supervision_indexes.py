"""What the supervisor's desk looks up: sites by when they are due, and late spans that were replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0009_phases"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="site",
            index=models.Index(
                condition=models.Q(("baseline_finish__isnull", False), ("deleted_seq__isnull", True)),
                fields=["baseline_finish", "id"],
                name="site_due",
            ),
        ),
        migrations.AddIndex(
            model_name="lightspan",
            index=models.Index(
                condition=models.Q(
                    ("light__in", ["red", "yellow"]),
                    ("site__isnull", False),
                    ("superseded_at__isnull", False),
                ),
                fields=["valid_from", "valid_to", "site", "light"],
                name="lightspan_late_replaced",
            ),
        ),
    ]
