"""Photos and positions as a form sends them."""

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any, Final

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from projects.actions import calls
from projects.actions.errors import Invalid
from projects.actions.photodrafts import Fix, PhotoDraft
from projects.actions.photos import MOST
from projects.exchange.imaging import ImageRefused
from projects.exchange.photofiles import take_in
from projects.rules.vocabulary import PhotoPurpose

#: A form that stays open over night still has its photos.
_KEPT_SECONDS: Final = 24 * 3600
#: What a file field of photos accepts: without HEIC, so that an iPhone sends a JPEG by itself.
ACCEPT = "image/jpeg,image/png,image/webp"


def photos_in(
    request: HttpRequest,
    name: str = "photos",
    *,
    purpose: PhotoPurpose = PhotoPurpose.PROGRESS,
    caption: str = "",
) -> list[PhotoDraft]:
    """The photos of one file field, checked and kept. Raises Invalid naming the file that cannot be."""
    files = [file for file in request.FILES.getlist(name) if file.name]
    if len(files) > MOST:
        raise Invalid({name: _("一次最多 %(most)d 张照片。") % {"most": MOST}})
    device = fix_in(request)
    drafts: dict[str, PhotoDraft] = {}
    for file in files:
        try:
            draft = take_in(file.chunks(), purpose=purpose, device=device, caption=caption.strip())
        except ImageRefused as refused:
            said = _(refused.msgid).format(**refused.params)
            text = _("“%(name)s”:%(problem)s") % {"name": str(file.name)[:80], "problem": said}
            raise Invalid({name: text}) from refused
        # Chosen twice is meant once.
        drafts.setdefault(draft.original_sha256, draft)
    return list(drafts.values())


def seal(photos: Iterable[PhotoDraft], salt: str) -> str:
    """Photos that have arrived and are not recorded yet, to be sent along again. `salt`: form and person."""
    return signing.dumps([calls.encode(photo) for photo in photos], salt=salt, compress=True)


def unseal(sealed: str, salt: str) -> list[PhotoDraft]:
    """What `seal` made. Raises Invalid when it is older than a day, or somebody else's."""
    try:
        held = signing.loads(sealed[:100_000], salt=salt, max_age=_KEPT_SECONDS)
    except signing.BadSignature as refused:
        raise Invalid({"photos": _("先前选的照片已过期,请重新选择。")}) from refused
    return [calls.decode(photo) for photo in held]


def photos_with_kept(
    request: HttpRequest, salt: str, *, purpose: PhotoPurpose
) -> tuple[list[PhotoDraft], list[str]]:
    """New ones, and those that came with an answer that had mistakes (`kept`): a picture taken on the spot is
    nowhere else. With what is wrong."""
    found: dict[str, PhotoDraft] = {}
    try:
        if sealed := request.POST.get("kept", ""):
            found |= {photo.original_sha256: photo for photo in unseal(sealed, salt)}
        found |= {photo.original_sha256: photo for photo in photos_in(request, purpose=purpose)}
    except Invalid as refused:
        return list(found.values()), list(refusals(refused))
    return list(found.values()), []


def fix_in(request: HttpRequest) -> Fix | None:
    """Where the browser said that it was; None when it said nothing, or nothing that can be."""
    given = [_number(request.POST.get(f"device_{part}")) for part in ("lon", "lat", "accuracy")]
    lon, lat, accuracy = given
    if lon is None or lat is None or accuracy is None:
        return None
    if abs(lon) > 180 or abs(lat) > 90 or not 0 <= accuracy <= 10_000_000:
        return None
    return Fix(lon, lat, accuracy, _moment(request.POST.get("device_at")))


def refusals(problem: Invalid) -> Iterable[str]:
    """The sentences of a refusal, each once."""
    return dict.fromkeys(problem.errors.values())


def _number(text: Any) -> float | None:
    try:
        value = float(str(text)[:40])
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _moment(text: Any) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(str(text)[:40])
    except ValueError:
        return None
    return found if found.tzinfo is not None and found.year >= 1990 else None
