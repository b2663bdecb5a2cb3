"""Untrusted images: refused with a sentence, or made anew without anything that was hidden in them."""

import datetime as dt
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from projects.exchange import imaging
from projects.exchange.exif import taken
from projects.exchange.imaging import PICTURE, THUMBNAIL, Developed, ImageRefused, develop
from tests.photographs import bare, corners, exif, photo

MARKS = (b"Exif", b"GPS", b"MAKER", b"MODEL", b"COMMENT", b"ICC", b"http://ns.adobe.com", b"MARK", b"<script")


def shown(made: Developed) -> Image.Image:
    return Image.open(BytesIO(made.picture.data))


def colour(image: Image.Image, x: float, y: float) -> str:
    red, green, blue = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))  # type: ignore[misc]
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    return names.get((red > 110, green > 100, blue > 110), f"{red},{green},{blue}")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    """A header that promises pixels which are not there."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(b"\0" * 100)) + png_chunk(b"IEND", b"")
    )


def jpeg_header(width: int, height: int) -> bytes:
    """A whole small JPEG whose frame says another size."""
    data = bytearray(bare())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def polyglot() -> bytes:
    return photo() + b"PK\x03\x04 a zip <script>alert(1)</script> MARK"


def with_text() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "COMMENT-MARK")
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>MARK http://ns.adobe.com/</x:xmpmeta>")
    notes.add_text("Big", "MARK" * 5000, zip=True)
    out = BytesIO()
    corners().save(out, "PNG", pnginfo=notes, exif=exif())
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [photo(), photo(kind="PNG"), photo(kind="WEBP"), polyglot(), with_text(), bare()],
    ids=["jpeg", "png", "webp", "polyglot", "png-text", "bare"],
)
def test_nothing_but_pixels_comes_out(data: bytes) -> None:
    made = develop(data)
    for picture in (made.picture, made.thumbnail):
        assert picture.data.startswith(b"\xff\xd8\xff") and picture.data.endswith(b"\xff\xd9")
        assert not [mark for mark in MARKS if mark in picture.data]
        found = Image.open(BytesIO(picture.data))
        assert not found.getexif() and set(found.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
        }
    assert colour(shown(made), 0.2, 0.2) == "red"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied(orientation: int) -> None:
    """The stored pixels are the upright picture, turned as the tag says: developing turns them back."""
    turned = corners()
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)  # fmt: skip
    if back is not None:
        turned = turned.transpose(back)
    made = shown(develop(photo(turned, orientation=orientation)))
    assert made.size == (60, 40)
    assert [colour(made, x, y) for x, y in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))] == [
        "red", "green", "blue", "white",
    ]  # fmt: skip


def test_sizes_are_limited() -> None:
    made = develop(bare(corners(4000, 3000)))
    assert (made.picture.width, made.picture.height) == (PICTURE, PICTURE * 3 // 4)
    assert (made.thumbnail.width, made.thumbnail.height) == (THUMBNAIL, THUMBNAIL * 3 // 4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = corners().convert("L").convert("I;16") if mode == "I;16" else corners().convert(mode)
    assert shown(develop(bare(image, kind))).mode == "RGB"


def test_transparent_parts_are_white() -> None:
    image = corners().convert("RGBA")
    image.putalpha(0)
    assert colour(shown(develop(bare(image, "PNG"))), 0.2, 0.2) == "white"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空的"),
        (b"\0" * (imaging.MAX_BYTES + 1), "20 MB"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "兼容性最佳"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1", "HEIC"),
        (b"GIF89a" + b"\0" * 50, "JPEG、PNG 或 WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "JPEG、PNG 或 WebP"),
        (b"%PDF-1.4", "JPEG、PNG 或 WebP"),
        (photo()[:400], "不完整"),
        (with_text()[:-40], "不完整"),
        (png_header(30_000, 30_000), "像素太多"),
        (png_header(6_000, 5_000), "像素太多"),
        (jpeg_header(60_000, 60_000), "像素太多"),
        (jpeg_header(10_000, 7_000), "像素太多"),
    ],
)
def test_what_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ImageRefused, match=said):
        develop(data)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_random_damage_never_raises_anything_else() -> None:
    whole = photo()
    for at in range(0, len(whole), 7):
        damaged = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            taken(develop(damaged).exif)
        except ImageRefused:
            continue


class TestExif:
    def read(self, **tags: object) -> object:
        return taken(develop(photo(**tags)).exif)  # type: ignore[arg-type]

    def test_when_and_where(self) -> None:
        found = taken(develop(photo()).exif)
        assert found.is_there and found.text == "2024-06-15 10:30:00"
        assert found.at == dt.datetime(2024, 6, 15, 2, 30, tzinfo=dt.UTC)
        assert found.position == pytest.approx((121.55, 29.85), abs=1e-6)

    def test_the_far_side_of_the_world(self) -> None:
        found = taken(develop(photo(where=(-70.5, -33.25))).exif)
        assert found.position == pytest.approx((-70.5, -33.25), abs=1e-6)

    def test_without_a_zone_gps_says_the_moment(self) -> None:
        assert taken(develop(photo(offset=None)).exif).at == dt.datetime(2024, 6, 15, 2, 30, tzinfo=dt.UTC)

    def test_without_either_there_is_no_moment(self) -> None:
        found = taken(develop(photo(offset=None, where=None)).exif)
        assert (found.at, found.text) == (None, "2024-06-15 10:30:00")

    @pytest.mark.parametrize(
        "at", ["0000:00:00 00:00:00", "2024:13:40 99:00:00", "gestern", "    :  :     :  :  "]
    )
    def test_times_that_cannot_be(self, at: str) -> None:
        found = taken(develop(photo(at=at, where=None)).exif)
        assert (found.at, found.text) == (None, "")

    @pytest.mark.parametrize("where", [(0.0, 0.0), (121.0, 95.0), (200.0, 10.0)])
    def test_places_that_cannot_be(self, where: tuple[float, float]) -> None:
        assert taken(develop(photo(where=where)).exif).position is None

    def test_a_picture_without_tags(self) -> None:
        assert taken(develop(bare()).exif).is_there is False

    @pytest.mark.parametrize("value", [(1, 2), "x", (float("nan"), 0, 0), (-1, 0, 0), None, 7])
    def test_broken_positions_are_none(self, value: object) -> None:
        tags = exif()
        tags._ifds[0x8825][2] = value
        assert taken(tags).position is None
