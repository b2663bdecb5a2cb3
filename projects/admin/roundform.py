"""The table of a round as it is sent: what was typed, and what can be made of it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from projects.actions.errors import Invalid
from projects.actions.photodrafts import PhotoDraft
from projects.actions.rounddrafts import RoundRow
from projects.admin.photouploads import photos_in, seal, unseal
from projects.rules.vocabulary import Stage

FIELDS: Final = ("percent", "problem", "plan", "stage", "stage_on")
#: What a stage may become here.
STAGES: Final = (Stage.BUILDING, Stage.FINISHED)
_MOST_TEXT: Final = 2_000


@dataclass(slots=True)
class Typed:
    """One row as typed: texts by field, and photos that have arrived; `row`: what they make, if they can."""

    site_id: int
    version: int
    texts: Mapping[str, str]
    photos: tuple[PhotoDraft, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    row: RoundRow | None = None

    @property
    def is_filled(self) -> bool:
        """Something was typed: a row that is left blank stays unreported."""
        return bool(self.photos) or any(self.texts.values())


def typed_rows(request: HttpRequest, ids: Iterable[int]) -> list[Typed]:
    """The rows of these sites as sent, in their order; photos are kept from here on."""
    found = []
    for pk in ids:
        texts = {name: request.POST.get(f"r-{pk}-{name}", "").strip()[:_MOST_TEXT] for name in FIELDS}
        typed = Typed(pk, _whole(request.POST.get(f"r-{pk}-version", "")), texts)
        typed.photos = _photos(request, typed)
        if typed.is_filled:
            _read(typed)
        found.append(typed)
    return found


def posted_ids(request: HttpRequest) -> list[int]:
    """Which sites the sent form had rows of."""
    return [pk for pk in map(_whole, request.POST.getlist("row")[:500]) if pk > 0]


def as_of_in(text: str | None) -> dt.date | None:
    """A day of an address or a form; None for what is none."""
    try:
        return parse_date((text or "").strip()[:10])
    except ValueError:
        return None


def kept(request: HttpRequest, photos: Iterable[PhotoDraft]) -> str:
    """Photos that have arrived and are not recorded yet, to be sent along again: signed for this person."""
    return seal(photos, _salt(request))


def _photos(request: HttpRequest, typed: Typed) -> tuple[PhotoDraft, ...]:
    photos: dict[str, PhotoDraft] = {}
    before = request.POST.get(f"r-{typed.site_id}-kept", "")
    if before and f"r-{typed.site_id}-drop" not in request.POST:
        try:
            photos = {photo.original_sha256: photo for photo in unseal(before, _salt(request))}
        except Invalid as refused:
            typed.errors["photos"] = " ".join(refused.errors.values())
    try:
        new = photos_in(request, f"r-{typed.site_id}-photos")
    except Invalid as refused:
        typed.errors["photos"] = " ".join(refused.errors.values())
    else:
        photos |= {photo.original_sha256: photo for photo in new}
    return tuple(photos.values())


def _salt(request: HttpRequest) -> str:
    return f"round-photos:{request.user.pk}"


def _read(typed: Typed) -> None:
    texts = typed.texts
    percent = Decimal(0)
    if not texts["percent"]:
        typed.errors["percent"] = _("请填进度,或者清空这一行。")
    else:
        try:
            percent = percent_of(texts["percent"])
        except InvalidOperation:
            typed.errors["percent"] = _("“%(text)s”不是数字。") % {"text": texts["percent"][:20]}
    stage_on = as_of_in(texts["stage_on"])
    if texts["stage_on"] and stage_on is None:
        typed.errors["stage_on"] = _("日期请写成 2024-06-30 的样子。")
    stage = next((each for each in STAGES if each.value == texts["stage"]), None)
    if texts["stage"] and stage is None:
        typed.errors["stage"] = _("这里只能改为建设中或已完工。")
    if not typed.errors:
        typed.row = RoundRow(
            typed.site_id,
            typed.version,
            percent,
            texts["problem"],
            texts["plan"],
            stage,
            stage_on,
            typed.photos,
        )


def percent_of(text: str) -> Decimal:
    """A percent as people type it: with a sign, in full width. Raises InvalidOperation."""
    plain = text.translate(str.maketrans("0123456789.%", "0123456789.%")).rstrip("%").strip()
    found = Decimal(plain[:20])
    if not found.is_finite():
        raise InvalidOperation
    return found


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
