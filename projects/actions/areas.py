"""Storing a drawn polygon, so that filters can name it."""

import datetime as dt
import unicodedata
from base64 import b32encode
from hashlib import blake2b
from typing import Final, NamedTuple

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.drawnpolygon import PolygonError, checked_polygon
from maps.geometry import SQUARE_METRES_PER_MU, geodesic_area_mu
from maps.sentence import Sentence, gettext_noop
from projects.actions import ledger
from projects.actions.errors import ActionError, Invalid, NotAllowed
from projects.actions.rows import audited, clean, entry_of
from projects.models import StoredArea
from projects.permissions.access import Access, Permission, scopes_for

#: GEOS needs up to 0.1 s to find a star of so many vertices valid, and four times that for twice as many.
MAX_VERTICES: Final = 3_500
MAX_NAME: Final = 60
#: How many areas one person may store in a day.
A_DAY: Final = 200


class AreaRefused(Invalid):
    """A shape or name that cannot be. `sentence` says it in any language."""

    def __init__(self, field: str, sentence: Sentence) -> None:
        super().__init__({field: sentence.translated(_)})
        self.sentence = sentence


class TooManyToday(ActionError):
    """The actor has stored as many areas today as one person may. `sentence` says it in any language."""

    def __init__(self) -> None:
        self.sentence = gettext_noop(
            "您今天已保存 %(most)d 个划定范围,这是一天的上限;请明天再存,或用已有的范围。", most=A_DAY
        )
        super().__init__(self.sentence.translated(_))


class Stored(NamedTuple):
    """The area of a polygon, and whether it was not there before."""

    area: StoredArea
    created: bool


class _AlreadyThereError(Exception):
    """Somebody else stored the same polygon while we waited for the head row."""


def store_area(*, access: Access, geometry: shapely.Geometry, name: str = "", reason: str = "") -> Stored:
    """Store a polygon (degrees, WGS-84) under the id that follows from its shape.

    A polygon that is there already is given back as it is, with the name that it was first stored under.
    Raises NotAllowed; AreaRefused for a geometry that is no valid polygon (`geom`) and for a `name` that is
    none; TooManyToday.
    """
    # An area belongs to no division: whoever may store one anywhere may store any.
    if not scopes_for(access, Permission.AREA_STORE):
        raise NotAllowed(_("只有工作人员可以保存划定范围。"))
    shape, said = _checked(geometry), _checked_name(name)
    public_id = area_id_of(shape)
    try:
        with transaction.atomic():
            found = StoredArea.objects.filter(public_id=public_id).first()
            return (
                _same(found, shape) if found is not None else _write(access, shape, said, public_id, reason)
            )
    except _AlreadyThereError:
        return _same(StoredArea.objects.get(public_id=public_id), shape)


def area_id_of(shape: shapely.MultiPolygon) -> str:
    """The public id of a normalised polygon: the same for ever, in every database."""
    wkb = shapely.to_wkb(shape, byte_order=1, output_dimension=2)
    digest = blake2b(wkb, digest_size=10, person=b"public-area").digest()
    return b32encode(digest).decode().lower()


def _checked(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    try:
        return checked_polygon(geometry, max_vertices=MAX_VERTICES)
    except PolygonError as problem:
        raise AreaRefused("geom", gettext_noop("%(problem)s。", problem=problem.message)) from problem


def _checked_name(name: str) -> str:
    text = unicodedata.normalize("NFC", name).strip()
    if len(text) > MAX_NAME:
        raise AreaRefused("name", gettext_noop("名称最长 %(most)d 个字。", most=MAX_NAME))
    if not text.isprintable():
        raise AreaRefused("name", gettext_noop("名称里有不能显示的字符。"))
    return text


def _same(found: StoredArea, shape: shapely.MultiPolygon) -> Stored:
    if bytes(found.geom.wkb) != shapely.to_wkb(shape, byte_order=1):
        # Never seen and hardly possible, but another polygon must not be passed off as this one.
        raise AreaRefused("geom", gettext_noop("另一个图形已经用了同样的编号;请挪动一个顶点后再保存。"))
    return Stored(found, False)


def _write(access: Access, shape: shapely.MultiPolygon, name: str, public_id: str, reason: str) -> Stored:
    row = StoredArea(
        public_id=public_id,
        name=name,
        geom=_as_geos(shape),
        vertices=int(shapely.get_num_coordinates(shape)),
        area_m2=round(geodesic_area_mu(shape) * SQUARE_METRES_PER_MU),
        recorded_by_id=access.user_id,
    )
    with ledger.take(1, actor_id=access.user_id) as numbers:
        # Asked again: the head row makes writers queue, and the one before may have brought this polygon.
        if StoredArea.objects.filter(public_id=public_id).exists():
            raise _AlreadyThereError
        _check_day(access)
        row.recorded_at, row.changed_seq = numbers.recorded_at, numbers.first
        clean(row)
        row.save()
        numbers.write(
            [entry_of(row, "add", {key: [None, value] for key, value in audited(row).items()}, reason)]
        )
    return Stored(row, True)


def _as_geos(shape: shapely.MultiPolygon) -> MultiPolygon:
    geom = GEOSGeometry(memoryview(shapely.to_wkb(shape, output_dimension=2)), srid=4326)
    assert isinstance(geom, MultiPolygon)  # what it was made of
    return geom


def _check_day(access: Access) -> None:
    midnight = timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time.min))
    if StoredArea.objects.stored_by(access.user_id, since=midnight).count() >= A_DAY:
        raise TooManyToday
