"""A handed-in photo: developed, its three files kept, and made a draft for the action to record."""

from collections.abc import Iterable

from projects.actions.photodrafts import Fix, PhotoDraft
from projects.exchange.exif import taken
from projects.exchange.imaging import MAX_BYTES, ImageRefused, Picture, develop
from projects.models import storedfiles
from projects.rules.errors import gettext_noop as _
from projects.rules.vocabulary import PhotoPurpose


def take_in(
    chunks: Iterable[bytes],
    *,
    purpose: PhotoPurpose = PhotoPurpose.PROGRESS,
    device: Fix | None = None,
    caption: str = "",
) -> PhotoDraft:
    """Check a photo and keep its original and the two pictures made of it, on disk when this returns.

    Nothing is kept of a file that is refused. A draft that is never recorded leaves its files behind: nobody
    can reach them. Raises ImageRefused, OSError.
    """
    data = _all(chunks)
    made = develop(data)
    said = taken(made.exif)
    return PhotoDraft(
        original_sha256=storedfiles.store([data], max_bytes=MAX_BYTES),
        original_type=made.mime,
        original_bytes=len(data),
        picture_sha256=_kept(made.picture),
        picture_width=made.picture.width,
        picture_height=made.picture.height,
        thumbnail_sha256=_kept(made.thumbnail),
        has_exif=said.is_there,
        taken_at=said.at,
        taken_text=said.text,
        taken=said.position,
        device=device,
        caption=caption,
        purpose=purpose,
    )


def _all(chunks: Iterable[bytes]) -> bytes:
    """No more of it than is allowed is ever held."""
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > MAX_BYTES:
            raise ImageRefused(_("照片超过 {most} MB,请用较小的尺寸拍摄。"), most=MAX_BYTES // (1024 * 1024))
    return bytes(data)


def _kept(picture: Picture) -> str:
    return storedfiles.store([picture.data], max_bytes=MAX_BYTES)
