"""Photos that people hand in: opened without trusting them, and made anew from their pixels.

In this process, by Pillow, with an explicit list of formats and limits before anything is decoded
(docs/decisions/0035): what it costs at most is known from the header, and one photo is decoded at a time.
What comes out holds pixels and nothing else: no EXIF, XMP, IPTC, colour profile, comment, text or tail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Final

from PIL import Image, UnidentifiedImageError

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _

MAX_BYTES: Final = 20 * 1024 * 1024
#: A JPEG is decoded at a fraction of its size; a progressive one of 64 megapixels takes some 200 MB.
MAX_PIXELS: Final[Mapping[str, int]] = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
#: The longest side of what is shown, and of the small picture, in pixels.
PICTURE: Final = 1_600
THUMBNAIL: Final = 320
_QUALITY: Final = 82
_MIME: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
#: Brands of ISO media files (HEIC, AVIF) at offset 8, after "ftyp".
_HEIF: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})

# Pillow refuses twice this before we are asked, whoever opens a picture in this process.
Image.MAX_IMAGE_PIXELS = max(MAX_PIXELS.values())
#: One at a time: what decoding needs does not grow with the number of requests.
_DECODING: Final = Lock()

_ORIENTATION: Final = 0x0112
_TURNS: Final[Mapping[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageRefused(RuleError):
    """The file cannot be taken as a photo; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG made anew: sRGB assumed, upright. Width and height in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Developed:
    """What a photo became: `mime` is that of the original, `exif` its tags as Pillow reads them."""

    mime: str
    picture: Picture
    thumbnail: Picture
    exif: Image.Exif


def develop(data: bytes) -> Developed:
    """Open, check and re-encode a photo. Raises ImageRefused, whatever is in the file."""
    _check_first_bytes(data)
    with _DECODING:
        try:
            return _developed(data)
        except ImageRefused:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
            raise _too_many_pixels() from bomb
        except UnidentifiedImageError as problem:
            raise ImageRefused(_("这不是 JPEG、PNG 或 WebP 图片,请换一张照片。")) from problem
        except Exception as problem:
            # A decoder fed with anything raises anything: OSError, SyntaxError, struct.error ...
            raise ImageRefused(_("照片已损坏或不完整,打不开;请重新拍摄或重新导出。")) from problem


def _check_first_bytes(data: bytes) -> None:
    if not data:
        raise ImageRefused(_("文件是空的。"))
    if len(data) > MAX_BYTES:
        raise ImageRefused(_("照片超过 {most} MB,请用较小的尺寸拍摄。"), most=MAX_BYTES // (1024 * 1024))
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise ImageRefused(
            _(
                "这是 HEIC(或 AVIF)格式,这里不收。苹果手机请在“设置”→“相机”→“格式”选“兼容性最佳”,"
                "安卓手机请在相机设置里关闭“高效照片(HEIF)”,再拍一张。"
            )
        )


def _developed(data: bytes) -> Developed:
    # The header only. An MPO (two pictures in one JPEG, as some phones write them) is taken for its first.
    with Image.open(BytesIO(data), formats=list(_MIME)) as image:
        kind = "JPEG" if image.format == "MPO" else str(image.format)
        width, height = image.size
        if width * height > MAX_PIXELS[kind]:
            raise _too_many_pixels()
        if min(width, height) < 1:
            raise ImageRefused(_("照片已损坏或不完整,打不开;请重新拍摄或重新导出。"))
        if kind == "JPEG":
            image.draft("RGB", (PICTURE, PICTURE))
        image.load()
        exif = _exif_of(image)
        shown = _bare(image)
    shown.thumbnail((PICTURE, PICTURE), Image.Resampling.LANCZOS)
    turn = _TURNS.get(_orientation(exif))
    if turn is not None:
        shown = shown.transpose(turn)
    small = shown.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return Developed(_MIME[kind], _encoded(shown), _encoded(small), exif)


def _bare(image: Image.Image) -> Image.Image:
    """The pixels alone, as RGB: transparent parts on white, nothing of `info`, which encoders write out."""
    if image.mode.startswith(("I", "F")):
        image = image.convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        ground.alpha_composite(layer)
        image = ground
    colours = image.convert("RGB")
    colours.info.clear()
    return colours


def _encoded(image: Image.Image) -> Picture:
    image.info.clear()
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return Picture(out.getvalue(), image.width, image.height)


def _exif_of(image: Image.Image) -> Image.Exif:
    """Broken tags are no tags: the picture may be good all the same."""
    try:
        return image.getexif()
    except Exception:
        return Image.Exif()


def _orientation(exif: Image.Exif) -> int:
    try:
        return int(exif.get(_ORIENTATION, 1))
    except (TypeError, ValueError, OverflowError):
        return 1


def _too_many_pixels() -> ImageRefused:
    return ImageRefused(
        _("照片的像素太多(JPEG 最多 {jpeg} 百万,PNG 和 WebP 最多 {other} 百万),请用较小的尺寸拍摄。"),
        jpeg=MAX_PIXELS["JPEG"] // 1_000_000,
        other=MAX_PIXELS["PNG"] // 1_000_000,
    )
