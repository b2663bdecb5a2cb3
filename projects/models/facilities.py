"""What a citizen looks for: the kinds of facility."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.base import Stamped, TwoNames


class FacilityKind(TwoNames, Stamped):
    """A kind of place: 助餐点, 电动汽车充电桩, 单村水站. Its number is its value in the point index."""

    GEOMETRIES = [
        ("point", _("点")),
        ("line", _("线")),
        ("polygon", _("面")),
    ]

    slug = models.SlugField(_("代码"), max_length=60, unique=True)
    number = models.PositiveSmallIntegerField(_("编号"), unique=True)
    group_zh = models.CharField(_("组"), max_length=60, blank=True)
    group_en = models.CharField(_("组(英文)"), max_length=60, blank=True)
    icon = models.SlugField(_("图标"), max_length=40, default="generic")
    colour = models.CharField(
        _("颜色"), max_length=7, default="#475569", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    geometry = models.CharField(_("几何类型"), max_length=8, choices=GEOMETRIES, default="point")
    attributes = models.JSONField(
        _("属性"),
        default=list,
        blank=True,
        help_text=_("该类设施特有的字段:[{key, label_zh, label_en, type, unit}]"),
    )

    class Meta:
        ordering = ["number"]
        verbose_name = _("设施种类")
        verbose_name_plural = _("设施种类")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number__gte=1, number__lte=250), name="facilitykind_number_range"
            )
        ]
