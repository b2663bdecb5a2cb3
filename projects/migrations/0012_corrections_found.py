"""A row's correction is found by an index that knows how few there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0011_subject_lights"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="fundingarrangement",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="fundingarrangement_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="fundingreport",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="fundingreport_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="holidaytable",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="holidaytable_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="importbatch",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="importbatch_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="indicatorplan",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="indicatorplan_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="indicatorreport",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="indicatorreport_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="periodclosing",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="periodclosing_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="phasereport",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="phasereport_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="planchange",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="planchange_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="publishedfigure",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="publishedfigure_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="satisfactionvote",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="satisfactionvote_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="sitereport",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="sitereport_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="sitestate",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="sitestate_corrections",
            ),
        ),
        migrations.AddIndex(
            model_name="targetstatement",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="targetstatement_corrections",
            ),
        ),
    ]
