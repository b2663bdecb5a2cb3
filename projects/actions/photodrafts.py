"""A photo on its way in: kept files and what was read from them, before anything is recorded."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from projects.rules.vocabulary import PhotoPurpose


class Fix(NamedTuple):
    """Where the browser said that the device was: WGS-84 degrees, accuracy in metres (95 %)."""

    lon: float
    lat: float
    accuracy_m: float
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PhotoDraft:
    """One photo whose three files are kept already, by their SHA-256.

    `taken`: longitude and latitude, WGS-84. `taken_at` is timezone-aware, `taken_text` the
    time as the file writes it.
    """

    original_sha256: str
    original_type: str
    original_bytes: int
    picture_sha256: str
    picture_width: int
    picture_height: int
    thumbnail_sha256: str
    has_exif: bool = False
    taken_at: dt.datetime | None = None
    taken_text: str = ""
    taken: tuple[float, float] | None = None
    device: Fix | None = None
    caption: str = ""
    purpose: PhotoPurpose = PhotoPurpose.PROGRESS
