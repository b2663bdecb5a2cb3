"""Photos of sites: recorded as evidence, and decided to be public, internal or withdrawn.

Evidence states no figure, so a closed period does not keep it out.
"""

import math
from collections.abc import Sequence
from typing import Final

import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from maps.datum import CoordinateError
from maps.geometry import distance_to_m
from projects.actions import ledger
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.photodrafts import PhotoDraft
from projects.actions.rows import clean
from projects.actions.sitewriting import entry_for, lock, require, target_of
from projects.models import (
    OrderEvent,
    Photo,
    PhotoDecision,
    Site,
    SiteReport,
    Verification,
    storedfiles,
)
from projects.permissions.access import LEVEL_PERMISSIONS, Access, Permission, may
from projects.rules.vocabulary import PhotoPurpose, PhotoVerdict

#: How many photos one report, one visit or one call takes.
MOST: Final = 12
#: How many photos one site may have: a script that runs wild is stopped, no honest site comes near.
MOST_OF_SITE: Final = 500
_MOST_CAPTION: Final = 200


def add_photos(
    *, access: Access, site_id: int, photos: Sequence[PhotoDraft], report_id: int | None = None
) -> list[Photo]:
    """Record photos of a site, as evidence of one of its reports when one is named; under one number.

    A photo that is there already for the same report and purpose is given back as it is, so that sending
    twice records once. Who may report records progress, who may verify records verification; a photo that
    something was put right takes either. Raises NotAllowed, Invalid.
    """
    if not photos:
        raise Invalid({"photos": _("请至少选择一张照片。")})
    with transaction.atomic():
        site = lock(site_id)
        check_photos(access, site, photos)
        report = None
        if report_id is not None:
            report = SiteReport.objects.filter(pk=report_id, site=site).first()
            if report is None:
                raise Invalid({"report": _("这次报告不属于这个点位。")})
        known = {
            (row.original_sha256, row.purpose): row
            for row in Photo.objects.evidence().filter(site=site, report=report)
        }
        new = [draft for draft in photos if (draft.original_sha256, draft.purpose.value) not in known]
        if new:
            with ledger.take(1, actor_id=access.user_id) as numbers:
                rows = write_photos(site, report, new, numbers, access, seq=numbers.first)
                numbers.write([entry_for(site, "site.photo", photos_said(rows))])
            known |= {(row.original_sha256, row.purpose): row for row in rows}
    return [known[draft.original_sha256, draft.purpose.value] for draft in photos]


def decide_photo(*, access: Access, photo_id: int, verdict: PhotoVerdict, reason: str = "") -> PhotoDecision:
    """Make a photo public or internal, or withdraw it as evidence, for good and with a reason.

    Public and internal take the right to publish, and making it public a second person: not who recorded it.
    Who recorded a photo may withdraw it, and who may publish. Raises NotAllowed, Invalid.
    """
    reason = reason.strip()
    with transaction.atomic():
        photo = Photo.objects.filter(pk=photo_id).first()
        if photo is None:
            raise Invalid({"": _("没有这张照片。")})
        site = lock(photo.site_id)
        _require_decision(access, photo, site, verdict)
        newest = photo.decisions.order_by("pk").last()
        stands = PhotoVerdict(newest.verdict) if newest is not None else PhotoVerdict.INTERNAL
        if stands is PhotoVerdict.WITHDRAWN:
            raise Invalid({"": _("这张照片已撤回,不能再改。")})
        if stands is verdict:
            raise Invalid({"": _("这张照片已经是“%(verdict)s”。") % {"verdict": _(verdict.term)}})
        if verdict is PhotoVerdict.WITHDRAWN and not reason:
            raise Invalid({"reason": _("撤回须写明原因。")})
        row = PhotoDecision(photo=photo, verdict=verdict.value, reason=reason)
        clean(row)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            row.recorded_at, row.recorded_by_id = numbers.recorded_at, access.user_id
            row.changed_seq = numbers.first
            row.save()
            said: dict[str, ledger.JSON] = {"photo": photo.pk, "verdict": verdict.value, "reason": reason}
            numbers.write([entry_for(site, "site.photo_decided", said)])
    return row


def check_photos(access: Access, site: Site, photos: Sequence[PhotoDraft]) -> None:
    """Whether somebody may record these of a locked site. Raises NotAllowed, Invalid."""
    target = target_of(site)
    for purpose in {draft.purpose for draft in photos}:
        if purpose is PhotoPurpose.VERIFICATION:
            if not any(may(access, each, target) for each in LEVEL_PERMISSIONS.values()):
                require(access, Permission.SITE_VERIFY, target)
        elif purpose is PhotoPurpose.PROGRESS or not may(access, Permission.SITE_VERIFY, target):
            require(access, Permission.SITE_REPORT, target)
    if len(photos) > MOST:
        raise Invalid({"photos": _("一次最多 %(most)d 张照片。") % {"most": MOST}})
    if len({(draft.original_sha256, draft.purpose) for draft in photos}) != len(photos):
        raise Invalid({"photos": _("同一张照片选了两次。")})
    if Photo.objects.filter(site=site).count() + len(photos) > MOST_OF_SITE:
        raise Invalid({"photos": _("一个点位最多 %(most)d 张照片。") % {"most": MOST_OF_SITE}})
    for draft in photos:
        if len(draft.caption) > _MOST_CAPTION:
            raise Invalid({"caption": _("照片说明最长 %(most)d 个字。") % {"most": _MOST_CAPTION}})
        if draft.device is not None and not 0 <= draft.device.accuracy_m < math.inf:
            raise Invalid({"device": _("设备定位精度不是有效的数字。")})


def write_photos(
    site: Site,
    report: SiteReport | None,
    photos: Sequence[PhotoDraft],
    numbers: ledger.Numbers,
    access: Access,
    *,
    seq: int,
    verification: Verification | None = None,
    order_event: OrderEvent | None = None,
) -> list[Photo]:
    """Save the rows under a number that the caller holds. Raises Invalid for a position not on Earth."""
    shape = shapely.from_wkb(bytes(site.geom.wkb))
    rows = []
    for draft in photos:
        files = (draft.original_sha256, draft.picture_sha256, draft.thumbnail_sha256)
        if not all(storedfiles.path_of(digest).exists() for digest in files):
            # It waited in a form or a request for a correction, and was thrown away meanwhile.
            raise Invalid({"photos": _("照片的文件已不在,请重新选择照片。")})
        row = Photo(
            site=site,
            report=report,
            verification=verification,
            order_event=order_event,
            purpose=draft.purpose.value,
            caption=draft.caption,
            original_sha256=draft.original_sha256,
            original_type=draft.original_type,
            original_bytes=draft.original_bytes,
            picture_sha256=draft.picture_sha256,
            picture_width=draft.picture_width,
            picture_height=draft.picture_height,
            thumbnail_sha256=draft.thumbnail_sha256,
            has_exif=draft.has_exif,
            taken_at=draft.taken_at,
            taken_text=draft.taken_text,
            recorded_at=numbers.recorded_at,
            recorded_by_id=access.user_id,
            changed_seq=seq,
        )
        if draft.taken is not None:
            row.taken_lon, row.taken_lat = draft.taken
            row.taken_distance_m = _distance(shape, *draft.taken)
        if draft.device is not None:
            row.device_lon, row.device_lat, row.device_accuracy_m, row.device_at = draft.device
            row.device_distance_m = _distance(shape, draft.device.lon, draft.device.lat)
        row.save()
        rows.append(row)
    return rows


def photos_said(rows: Sequence[Photo]) -> dict[str, ledger.JSON]:
    """What an entry says of photos: which originals. Where somebody stood stays out of the chain."""
    return {"photos": [[row.pk, row.original_sha256] for row in rows]}


def _require_decision(access: Access, photo: Photo, site: Site, verdict: PhotoVerdict) -> None:
    target = target_of(site)
    own = access.user_id is None or access.user_id == photo.recorded_by_id
    works = may(access, Permission.SITE_REPORT, target) or may(access, Permission.SITE_VERIFY, target)
    if verdict is PhotoVerdict.WITHDRAWN and own and works:
        return
    require(access, Permission.SITE_PUBLISH, target)
    if verdict is PhotoVerdict.PUBLIC and own:
        raise NotAllowed(_("照片须由提交人以外的人公开。"))


def _distance(shape: shapely.Geometry, lon: float, lat: float) -> float:
    try:
        return round(distance_to_m(shape, lon, lat), 1)
    except CoordinateError as problem:
        raise Invalid({"device": _("位置不在地球上。")}) from problem
