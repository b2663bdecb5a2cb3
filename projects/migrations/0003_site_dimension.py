"""The dimension of a site's geometry as a column, filled in from the geometries that are there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_stored_area")]

    operations = [
        migrations.AddField(
            model_name="site",
            name="dimension",
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="图形维数"),
        ),
        # One statement that SpatiaLite and PostGIS both know; the column is derived, so no change number.
        migrations.RunSQL(
            "UPDATE projects_site SET dimension = ST_Dimension(geom) WHERE ST_Dimension(geom) > 0",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="site",
            index=models.Index(
                condition=models.Q(("deleted_seq__isnull", True), ("dimension__gt", 0)),
                fields=["changed_seq"],
                name="site_shape",
            ),
        ),
    ]
