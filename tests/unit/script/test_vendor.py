"""The check of vendored files finds each way of tampering with them."""

import hashlib
import json
from pathlib import Path

import pytest

from script.lib import vendor

CONTENT = b"export const answer = 42;\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / vendor.VENDOR / "thing"
    folder.mkdir(parents=True)
    (folder / "thing.js").write_bytes(CONTENT)
    entry = {"file": "static/vendor/thing/thing.js", "sha256": hashlib.sha256(CONTENT).hexdigest()}
    (tmp_path / vendor.MANIFEST).write_text(json.dumps([entry]), "utf-8")
    return tmp_path


def test_untouched_copies_are_fine(tree: Path) -> None:
    assert vendor.problems(tree) == []


def test_a_changed_byte_is_found(tree: Path) -> None:
    (tree / "static/vendor/thing/thing.js").write_bytes(CONTENT + b" ")
    assert vendor.problems(tree) == ["static/vendor/thing/thing.js was changed by hand"]


def test_a_missing_and_a_foreign_file_are_found(tree: Path) -> None:
    (tree / "static/vendor/thing/thing.js").rename(tree / "static/vendor/thing/other.js")
    assert vendor.problems(tree) == [
        "static/vendor/thing/thing.js is missing",
        "static/vendor/thing/other.js is not in static/vendor/MANIFEST.json",
    ]


def test_a_broken_manifest_is_said(tree: Path) -> None:
    (tree / vendor.MANIFEST).write_text("[", "utf-8")
    (said,) = vendor.problems(tree)
    assert said.startswith("static/vendor/MANIFEST.json cannot be read")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a();\n//# sourceMappingURL=a.js.map\n", "a();\n"),
        ("a();\n//@ sourceMappingURL=a.js.map", "a();\n"),
        (".a{}\n/*# sourceMappingURL=a.css.map */\n", ".a{}\n"),
        ("a();\n", "a();\n"),
    ],
)
def test_pointers_to_source_maps_go(text: str, kept: str) -> None:
    assert vendor.SOURCE_MAP.sub("\n", text) == kept


def test_the_sprite_draws_every_icon_once_in_the_colour_of_the_text() -> None:
    text = (vendor.ROOT / vendor.SPRITE).read_text("utf-8")
    for name in vendor.ICONS:
        assert text.count(f'<symbol id="{name}" ') == 1
    assert text.count("<symbol ") == len(vendor.ICONS)
    assert text.count("<path ") == text.count('fill="currentColor"')
    assert "style=" not in text, "the content security policy blocks style attributes"


def test_an_svg_in_a_style_sheet_becomes_a_file() -> None:
    css = b""".a{background:url('data:image/svg+xml,<svg mask="url(%23m)"/>')}
.b{background:url('data:image/svg+xml,<svg mask="url(%23m)"/>')} .c{background:url("x.png")}"""
    text, files = vendor.split_out_svgs(css)
    assert files == {"images/icon-01.svg": b'<svg mask="url(#m)"/>\n'}
    assert text.count(b'url("images/icon-01.svg")') == 2
    assert b'url("x.png")' in text


def test_no_vendored_style_sheet_holds_an_image() -> None:
    for path in (vendor.ROOT / vendor.VENDOR).rglob("*.css"):
        assert "data:" not in path.read_text("utf-8"), path.name
