"""Photos as pages show them: to staff with what is to be said of each, to the public without any of it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import shapely
from django.db.models import Q
from django.utils import timezone

from maps.datum import Datum, to_wgs84
from maps.geometry import distance_to_m, geodesic_distance_m
from projects.models import Photo, PhotoDecision, Site
from projects.rules.evidence import LIMITS, Found, PhotoFacts, Place, findings
from projects.rules.vocabulary import PhotoPurpose, PhotoVerdict


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A photo for staff. `verdict`: internal until somebody decided; `found`: what to tell a verifier.

    Positions (longitude, latitude; WGS-84) and the original are for who holds `Permission.PHOTO_ORIGINAL`.
    """

    pk: int
    site_id: int
    report_id: int | None
    about: dt.date | None
    purpose: PhotoPurpose
    caption: str
    recorded_at: dt.datetime
    recorded_by_id: int | None
    recorded_by: str
    verdict: PhotoVerdict
    verdict_reason: str
    original_sha256: str
    original_type: str
    original_bytes: int
    width: int
    height: int
    taken_at: dt.datetime | None
    taken_text: str
    taken: tuple[float, float] | None
    taken_distance_m: float | None
    device: tuple[float, float] | None
    device_accuracy_m: float | None
    device_distance_m: float | None
    found: tuple[Found, ...]

    @property
    def has_warning(self) -> bool:
        """Whether something makes a person look twice."""
        return any(found.is_warning for found in self.found)

    @property
    def is_withdrawn(self) -> bool:
        return self.verdict is PhotoVerdict.WITHDRAWN


@dataclass(frozen=True, slots=True)
class PublicPhoto:
    """What the public sees of a photo: two pictures by their hashes, and the words under them."""

    picture: str
    thumbnail: str
    width: int
    height: int
    caption: str


def photos_of_sites(ids: Iterable[int], **narrower: Any) -> dict[int, list[PhotoRow]]:
    """Photos by site, the newest first; `narrower`: conditions on Photo (`report_id__in`, `purpose`)."""
    rows = list(
        Photo.objects.filter(site_id__in=list(ids), **narrower)
        .select_related("report", "recorded_by")
        .order_by("-pk")
    )
    decisions = {
        row.photo_id: row
        for row in PhotoDecision.objects.filter(photo_id__in=[row.pk for row in rows]).order_by("pk")
    }
    elsewhere = _elsewhere(rows)
    shapes = {
        pk: shapely.from_wkb(bytes(geom.wkb))
        for pk, geom in Site.objects.filter(pk__in={row.site_id for row in rows if _is_far(row)}).values_list(
            "pk", "geom"
        )
    }
    found: dict[int, list[PhotoRow]] = {}
    for row in rows:
        said = findings(
            _facts(row, elsewhere[row.pk], shapes.get(row.site_id)),
            about=row.report.as_of if row.report is not None else None,
            now=row.recorded_at,
        )
        found.setdefault(row.site_id, []).append(_row(row, decisions.get(row.pk), said))
    return found


def public_photos(site_id: int) -> tuple[PublicPhoto, ...]:
    """What was decided to be public of a site, in the order of recording."""
    return tuple(
        PublicPhoto(
            row.picture_sha256, row.thumbnail_sha256, row.picture_width, row.picture_height, row.caption
        )
        for row in Photo.objects.public().filter(site_id=site_id).order_by("pk")[:24]
    )


def is_public_picture(digest: str) -> bool:
    """Whether anybody may see the picture of this hash: never an original."""
    return Photo.objects.public().filter(Q(picture_sha256=digest) | Q(thumbnail_sha256=digest)).exists()


def _row(row: Photo, decision: PhotoDecision | None, said: tuple[Found, ...]) -> PhotoRow:
    return PhotoRow(
        pk=row.pk,
        site_id=row.site_id,
        report_id=row.report_id,
        about=row.report.as_of if row.report is not None else None,
        purpose=PhotoPurpose(row.purpose),
        caption=row.caption,
        recorded_at=row.recorded_at,
        recorded_by_id=row.recorded_by_id,
        recorded_by=str(row.recorded_by or ""),
        verdict=PhotoVerdict.INTERNAL if decision is None else PhotoVerdict(decision.verdict),
        verdict_reason="" if decision is None else decision.reason,
        original_sha256=row.original_sha256,
        original_type=row.original_type,
        original_bytes=row.original_bytes,
        width=row.picture_width,
        height=row.picture_height,
        taken_at=None if row.taken_at is None else timezone.localtime(row.taken_at),
        taken_text=row.taken_text,
        taken=_pair(row.taken_lon, row.taken_lat),
        taken_distance_m=row.taken_distance_m,
        device=_pair(row.device_lon, row.device_lat),
        device_accuracy_m=row.device_accuracy_m,
        device_distance_m=row.device_distance_m,
        found=said,
    )


def _facts(row: Photo, elsewhere: int, shape: shapely.Geometry | None) -> PhotoFacts:
    taken, device = _pair(row.taken_lon, row.taken_lat), _pair(row.device_lon, row.device_lat)
    shifted = None
    if taken is not None and shape is not None and _is_far(row):
        lon, lat = to_wgs84(*taken, Datum.GCJ02)
        shifted = _metres(distance_to_m(shape, float(lon), float(lat)))
    return PhotoFacts(
        has_exif=row.has_exif,
        taken_at=row.taken_at,
        taken_text=row.taken_text,
        taken=None if row.taken_distance_m is None else Place(_metres(row.taken_distance_m)),
        device=None
        if row.device_distance_m is None
        else Place(_metres(row.device_distance_m), _metres(row.device_accuracy_m or 0)),
        as_gcj02_m=shifted,
        apart_m=None
        if taken is None or device is None
        else _metres(float(geodesic_distance_m(*taken, *device))),
        elsewhere=elsewhere,
    )


def _is_far(row: Photo) -> bool:
    return row.taken_distance_m is not None and row.taken_distance_m > LIMITS.far_m


def _elsewhere(rows: Sequence[Photo]) -> dict[int, int]:
    """In how many other places the same file, or the same pixels, are evidence: whoever's they are."""
    same = Photo.objects.evidence().filter(
        Q(original_sha256__in={row.original_sha256 for row in rows})
        | Q(picture_sha256__in={row.picture_sha256 for row in rows})
    )
    places: dict[str, set[tuple[int, int | None]]] = {}
    for original, picture, site_id, report_id in same.values_list(
        "original_sha256", "picture_sha256", "site_id", "report_id"
    ):
        for digest in (original, picture):
            places.setdefault(digest, set()).add((site_id, report_id))
    return {
        row.pk: len(
            (places.get(row.original_sha256, set()) | places.get(row.picture_sha256, set()))
            - {(row.site_id, row.report_id)}
        )
        for row in rows
    }


def _pair(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    return None if lon is None or lat is None else (lon, lat)


def _metres(value: float) -> Decimal:
    return Decimal(repr(round(value, 1)))
