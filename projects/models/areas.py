"""Areas that staff drew, kept so that an address can filter by one."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.base import Stamped
from projects.querysets.areas import StoredAreaQuerySet


class StoredArea(Stamped):
    """A drawn polygon under an id that follows from its shape: never changed, never removed.

    So the same polygon is one row however often it is stored, a link to it stays true, and what was worked
    out for an id holds for ever. Whoever has the id may read shape and name.
    """

    public_id = models.CharField(_("编号"), max_length=20, unique=True, editable=False)
    name = models.CharField(
        _("名称"),
        max_length=60,
        blank=True,
        help_text=_("可不填。拿到链接的人都能看到名称和图形,请勿写内部信息。"),
    )
    geom = models.MultiPolygonField(_("图形"), srid=4326)
    vertices = models.PositiveIntegerField(_("顶点数"), editable=False)
    area_m2 = models.BigIntegerField(_("面积(平方米)"), editable=False)
    recorded_at = models.DateTimeField(_("录入时间"), default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("录入人"),
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = StoredAreaQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("划定范围")
        verbose_name_plural = _("划定范围")
        indexes = [models.Index(fields=["recorded_by", "recorded_at"], name="storedarea_by_day")]
        constraints = [
            models.CheckConstraint(condition=~Q(public_id=""), name="storedarea_has_id"),
            models.CheckConstraint(condition=Q(vertices__gte=4), name="storedarea_has_vertices"),
            models.CheckConstraint(condition=Q(area_m2__gte=0), name="storedarea_area_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name or str(_("划定范围 %(id)s") % {"id": self.public_id})
