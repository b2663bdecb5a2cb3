"""Photos of sites as evidence: what was handed in, what is shown of it, and what was decided about it.

The pictures themselves are kept files (projects.models.storedfiles): the original as it was handed in, and
two that were made anew from its pixels and carry nothing else. Rows are append-only; where a photo stands
is its newest decision.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import AppendOnly, correction_has_reason, corrections_index
from projects.models.choices import PHOTO_PURPOSES, PHOTO_VERDICTS
from projects.querysets.photos import PhotoQuerySet
from projects.rules.vocabulary import PhotoPurpose


class Photo(AppendOnly):
    """One photo of a site. Positions are WGS-84 degrees, distances metres to the nearest point of the site.

    `taken_*` is what the file said of itself (EXIF), `device_*` what the browser said when it was handed in:
    claims, both of them. `taken_at` is there only when the file names its time zone; `taken_text` is the
    time as written, in whatever zone. A distance is to the site's geometry on the day of recording.
    """

    site = models.ForeignKey(
        "projects.Site", verbose_name=_("点位"), on_delete=models.PROTECT, related_name="photos"
    )
    report = models.ForeignKey(
        "projects.SiteReport",
        verbose_name=_("进度报告"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )
    verification = models.ForeignKey(
        "projects.Verification",
        verbose_name=_("核验记录"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )
    order_event = models.ForeignKey(
        "projects.OrderEvent",
        verbose_name=_("督办反馈"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )
    purpose = models.CharField(
        _("用途"), max_length=16, choices=PHOTO_PURPOSES, default=PhotoPurpose.PROGRESS.value
    )
    caption = models.CharField(_("说明"), max_length=200, blank=True)

    original_sha256 = models.CharField(_("原件 SHA-256"), max_length=64, db_index=True)
    original_type = models.CharField(_("原件格式"), max_length=20)
    original_bytes = models.PositiveIntegerField(_("原件字节数"))
    picture_sha256 = models.CharField(_("图片 SHA-256"), max_length=64, db_index=True)
    picture_width = models.PositiveIntegerField(_("宽"))
    picture_height = models.PositiveIntegerField(_("高"))
    thumbnail_sha256 = models.CharField(_("缩略图 SHA-256"), max_length=64, db_index=True)

    has_exif = models.BooleanField(_("有拍摄信息"), default=False)
    taken_at = models.DateTimeField(_("拍摄时间"), null=True, blank=True)
    taken_text = models.CharField(_("原件写的拍摄时间"), max_length=19, blank=True)
    taken_lon = models.FloatField(_("拍摄经度"), null=True, blank=True)
    taken_lat = models.FloatField(_("拍摄纬度"), null=True, blank=True)
    taken_distance_m = models.FloatField(_("拍摄位置距点位(米)"), null=True, blank=True)
    device_lon = models.FloatField(_("设备经度"), null=True, blank=True)
    device_lat = models.FloatField(_("设备纬度"), null=True, blank=True)
    device_accuracy_m = models.FloatField(_("设备定位精度(米)"), null=True, blank=True)
    device_at = models.DateTimeField(_("设备定位时间"), null=True, blank=True)
    device_distance_m = models.FloatField(_("设备位置距点位(米)"), null=True, blank=True)

    objects = PhotoQuerySet.as_manager()  # type: ignore[misc]  # narrower than the base

    class Meta:
        ordering = ["site", "id"]
        verbose_name = _("照片")
        verbose_name_plural = _("照片")
        constraints = [
            correction_has_reason("photo_correction_reason"),
            models.CheckConstraint(
                condition=Q(taken_lon__isnull=True, taken_lat__isnull=True, taken_distance_m__isnull=True)
                | Q(taken_lon__range=(-180, 180), taken_lat__range=(-90, 90), taken_distance_m__isnull=False),
                name="photo_taken_position_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    device_lon__isnull=True,
                    device_lat__isnull=True,
                    device_accuracy_m__isnull=True,
                    device_distance_m__isnull=True,
                )
                | Q(
                    device_lon__range=(-180, 180),
                    device_lat__range=(-90, 90),
                    device_accuracy_m__gte=0,
                    device_distance_m__isnull=False,
                ),
                name="photo_device_position_is_whole",
            ),
        ]
        indexes = [
            corrections_index("photo_corrections"),
            models.Index(fields=["site", "-id"], name="photo_newest_of_site"),
        ]

    def __str__(self) -> str:
        return f"{self.site} #{self.pk}"


class PhotoDecision(AppendOnly):
    """What was decided of a photo; the newest one counts. Without one a photo is internal evidence."""

    photo = models.ForeignKey(
        Photo, verbose_name=_("照片"), on_delete=models.PROTECT, related_name="decisions"
    )
    verdict = models.CharField(_("决定"), max_length=10, choices=PHOTO_VERDICTS)
    reason = models.CharField(_("原因"), max_length=300, blank=True)

    class Meta:
        ordering = ["photo", "id"]
        verbose_name = _("照片的决定")
        verbose_name_plural = _("照片的决定")
        constraints = [
            correction_has_reason("photodecision_correction_reason"),
            models.CheckConstraint(
                condition=~Q(verdict="withdrawn") | ~Q(reason=""), name="photodecision_withdrawn_says_why"
            ),
        ]
        indexes = [corrections_index("photodecision_corrections")]

    def __str__(self) -> str:
        return f"{self.photo} {self.verdict}"
