"""What was known at a moment: the number of the change that replaced a span, and moments that never go back."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def number_what_was_replaced(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The last change of the moment at which a row was replaced; the newest moment for the head."""
    entries = apps.get_model("projects", "AuditEntry").objects
    at_the_time = entries.filter(recorded_at__lte=models.OuterRef("superseded_at")).order_by(
        "-recorded_at", "-seq"
    )
    for name in ("LightSpan", "MonthResult"):
        replaced = apps.get_model("projects", name).objects.filter(superseded_at__isnull=False)
        replaced.update(
            superseded_seq=models.functions.Coalesce(models.Subquery(at_the_time.values("seq")[:1]), 0)
        )
    newest = entries.order_by("-seq").values_list("recorded_at", flat=True).first()
    apps.get_model("projects", "ChangeHead").objects.update(recorded_at=newest)


def pair(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(superseded_at__isnull=True, superseded_seq__isnull=True)
        | models.Q(superseded_at__isnull=False, superseded_seq__isnull=False),
        name=name,
    )


class Migration(migrations.Migration):
    # PostgreSQL alters no table in the transaction that has just updated its rows.
    atomic = False

    dependencies = [
        ("projects", "0004_list_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="changehead",
            name="recorded_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="lightspan",
            name="superseded_seq",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="monthresult",
            name="superseded_seq",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["recorded_at", "seq"], name="audit_recorded"),
        ),
        migrations.RunPython(number_what_was_replaced, migrations.RunPython.noop),
        migrations.AddConstraint(model_name="lightspan", constraint=pair("lightspan_superseded_pair")),
        migrations.AddConstraint(model_name="monthresult", constraint=pair("monthresult_superseded_pair")),
    ]
