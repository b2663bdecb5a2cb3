"""Photos made for tests, with what phones write into them."""

from fractions import Fraction
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from projects.actions.photodrafts import PhotoDraft
from projects.exchange.photofiles import take_in

#: In the middle of 海曙 as tests/factories.py draws it.
WHERE = (121.55, 29.85)
ORIENTATION, EXIF_IFD, GPS_IFD = 0x0112, 0x8769, 0x8825


def corners(width: int = 60, height: int = 40) -> Image.Image:
    """Red at the top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (width, height), "white")
    for x, y, colour in ((0, 0, "red"), (width // 2, 0, "green"), (0, height // 2, "blue")):
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return image


def exif(
    *,
    where: tuple[float, float] | None = WHERE,
    at: str | None = "2024:06:15 10:30:00",
    offset: str | None = "+08:00",
    orientation: int = 1,
) -> Image.Exif:
    """Tags as a phone writes them."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "MAKER-MARK", "MODEL-MARK"
    tags[ORIENTATION] = orientation
    own: dict[int, Any] = {0x9286: b"ASCII\0\0\0COMMENT-MARK"}
    if at is not None:
        own[0x9003] = at
    if offset is not None:
        own[0x9011] = offset
    tags._ifds[EXIF_IFD] = own
    if where is not None:
        lon, lat = where
        tags._ifds[GPS_IFD] = {
            1: "N" if lat >= 0 else "S",
            2: _dms(lat),
            3: "E" if lon >= 0 else "W",
            4: _dms(lon),
            29: "2024:06:15",
            7: (IFDRational(2), IFDRational(30), IFDRational(0)),
        }
    return tags


def photo(image: Image.Image | None = None, kind: str = "JPEG", **tags: Any) -> bytes:
    """A file with these tags, a comment and a colour profile."""
    out = BytesIO()
    more: dict[str, Any] = {"icc_profile": b"ICC-MARK" * 20, "exif": exif(**tags)}
    if kind == "JPEG":
        more |= {"comment": b"COMMENT-MARK", "quality": 92}
    (image or corners()).save(out, kind, **more)
    return out.getvalue()


def bare(image: Image.Image | None = None, kind: str = "JPEG") -> bytes:
    """A file without any tags."""
    out = BytesIO()
    (image or corners()).save(out, kind)
    return out.getvalue()


def _dms(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    value = abs(value)
    minutes = (value - int(value)) * 60
    seconds = Fraction(round((minutes - int(minutes)) * 60 * 10_000), 10_000)
    return IFDRational(int(value)), IFDRational(int(minutes)), IFDRational(seconds)


def draft_of_photo(**tags: Any) -> PhotoDraft:
    """A photo on its way in, its files kept."""
    return take_in([photo(**tags)])
