"""Copy browser assets out of node_modules into static/vendor, or check that the copies are untouched.

The versions come from package.json, their integrity from package-lock.json (npm verifies it). What is
written here carries its own SHA-256 in MANIFEST.json, which `--check` and a test compare: nobody edits a
vendored file by hand.
"""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import unquote
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
VENDOR = Path("static/vendor")
MANIFEST = VENDOR / "MANIFEST.json"
MODULES = ROOT / "node_modules"
SVG = "{http://www.w3.org/2000/svg}"
#: An SVG written into a style sheet. The hashed static storage would rewrite the url(#...) inside it.
INLINE_SVG = re.compile(r"""url\((?P<quote>['"])data:image/svg\+xml,(?P<svg>.*?)(?P=quote)\)""", re.DOTALL)
SOURCE_MAP = re.compile(r"\s*(?://[#@] *sourceMappingURL=\S+|/\*[#@] *sourceMappingURL=[^*]*\*/)\s*$")


@dataclass(frozen=True)
class Asset:
    """One file to copy: from node_modules/<package>/<source> to <target> (from the repository's root)."""

    package: str
    source: str
    target: str
    #: ES module to minify: the package publishes it only in its long form.
    minify: bool = False


class Entry(TypedDict):
    """One file as MANIFEST.json describes it."""

    file: str
    package: str
    version: str
    licence: str
    source: str
    sha256: str


ASSETS = (
    Asset("leaflet", "dist/leaflet-src.esm.js", "static/vendor/leaflet/leaflet-src.esm.js", minify=True),
    Asset("leaflet", "dist/leaflet.css", "static/vendor/leaflet/leaflet.css"),
    *(
        Asset("leaflet", f"dist/images/{name}", f"static/vendor/leaflet/images/{name}")
        for name in (
            "layers.png",
            "layers-2x.png",
            "marker-icon.png",
            "marker-icon-2x.png",
            "marker-shadow.png",
        )
    ),
    Asset("leaflet", "LICENSE", "static/vendor/leaflet/LICENSE"),
    Asset("gcoord", "dist/gcoord.esm-browser.prod.js", "static/vendor/gcoord/gcoord.esm.js"),
    Asset("gcoord", "LICENSE", "static/vendor/gcoord/LICENSE"),
    Asset("@mapbox/maki", "LICENSE.txt", "static/vendor/icons/LICENSE-maki.txt"),
    Asset("@rapideditor/temaki", "LICENSE.md", "static/vendor/icons/LICENSE-temaki.md"),
    Asset("axe-core", "axe.min.js", "tests/browser/vendor/axe.min.js"),
    Asset("axe-core", "LICENSE", "tests/browser/vendor/LICENSE-axe-core"),
)

#: Declarations beside a module that is imported by its path: tsc takes the types of the package it came from.
TYPES = {
    "static/vendor/leaflet/leaflet-src.esm.d.ts": ("leaflet", 'export * from "leaflet";\n'),
    "static/vendor/gcoord/gcoord.esm.d.ts": (
        "gcoord",
        'export * from "gcoord";\nexport { default } from "gcoord";\n',
    ),
}

MAKI, TEMAKI = "@mapbox/maki", "@rapideditor/temaki"
SPRITE = "static/vendor/icons/sprite.svg"
#: Our name of a facility's icon -> the package and its icon. Both sets are drawn on a 15 x 15 grid.
ICONS = {
    "bus-shelter": (TEMAKI, "transit_shelter"),
    "care-home": (TEMAKI, "social_facility"),
    "clinic": (MAKI, "doctor"),
    "commercial": (MAKI, "shop"),
    "culture": (MAKI, "theatre"),
    "ebike-charging": (MAKI, "scooter"),
    "ev-charging": (MAKI, "charging-station"),
    "farm": (MAKI, "farm"),
    "generic": (MAKI, "marker"),
    "heritage": (TEMAKI, "paifang"),
    "hospital": (MAKI, "hospital"),
    "kindergarten": (MAKI, "playground"),
    "meal": (MAKI, "restaurant"),
    "road": (TEMAKI, "junction"),
    "school": (MAKI, "school"),
    "sewer": (TEMAKI, "manhole"),
    "sports": (MAKI, "pitch"),
    "water": (MAKI, "drinking-water"),
    "women-children": (MAKI, "heart"),
    "youth-palace": (MAKI, "rocket"),
}


def package_facts(package: str) -> tuple[str, str]:
    """(version, licence) that the installed package states."""
    described = json.loads((MODULES / package / "package.json").read_text("utf-8"))
    return described["version"], described["license"]


def read_asset(asset: Asset) -> bytes:
    """The bytes to commit. Pointers to source maps go: a hashed static storage would look for the map."""
    path = MODULES / asset.package / asset.source
    if asset.minify:
        result = subprocess.run(
            [MODULES / ".bin/esbuild", path, "--minify", "--target=es2020", "--legal-comments=inline"],
            check=True,
            capture_output=True,
        )
        return result.stdout
    content = path.read_bytes()
    if path.suffix in {".js", ".css"}:
        return SOURCE_MAP.sub("\n", content.decode("utf-8")).encode("utf-8")
    return content


def split_out_svgs(css: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The style sheet with its inline SVGs replaced by files beside it, and those files by name."""
    files: dict[str, bytes] = {}

    def name_of(match: re.Match[str]) -> str:
        content = unquote(match["svg"]).strip().encode("utf-8") + b"\n"
        known = next((name for name, there in files.items() if there == content), None)
        name = known or f"images/icon-{len(files) + 1:02}.svg"
        files[name] = content
        return f'url("{name}")'

    return INLINE_SVG.sub(name_of, css.decode("utf-8")).encode("utf-8"), files


def sprite() -> bytes:
    """All icons as symbols of one file: `<use href="sprite.svg#meal">`, coloured by `currentColor`."""
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name, (package, icon) in sorted(ICONS.items()):
        tree = ElementTree.parse(MODULES / package / "icons" / f"{icon}.svg").getroot()
        paths = [re.sub(r"\s+", " ", path.get("d", "")).strip() for path in tree.iter(f"{SVG}path")]
        shapes = {child.tag for child in tree.iter()} - {tree.tag, f"{SVG}path", f"{SVG}g", f"{SVG}title"}
        if shapes or not paths:
            raise SystemExit(f"vendor: icon {icon} of {package} is not made of paths only: {shapes}")
        drawn = "".join(f'<path fill="currentColor" d="{path}"/>' for path in paths)
        lines.append(f'<symbol id="{name}" viewBox="0 0 15 15">{drawn}</symbol>')
    return "\n".join([*lines, "</svg>", ""]).encode("utf-8")


def copy() -> list[Entry]:
    """Write every file; returns the manifest's entries."""
    entries: list[Entry] = []
    for asset in ASSETS:
        version, licence = package_facts(asset.package)
        source = (
            f"{asset.source}, minified by esbuild {package_facts('esbuild')[0]}"
            if asset.minify
            else asset.source
        )
        content, images = read_asset(asset), dict[str, bytes]()
        if asset.target.endswith(".css"):
            content, images = split_out_svgs(content)
        entries.append(_write(asset.target, content, asset.package, version, licence, source))
        for name, image in images.items():
            target = str(Path(asset.target).parent / name)
            entries.append(_write(target, image, asset.package, version, licence, f"{source}, inline image"))
    for target, (package, text) in TYPES.items():
        version, licence = package_facts(package)
        entries.append(_write(target, text.encode(), package, version, licence, "written by script/vendor"))
    versions = {package: package_facts(package)[0] for package in (MAKI, TEMAKI)}
    entries.append(
        _write(
            SPRITE,
            sprite(),
            " + ".join(versions),
            " + ".join(versions.values()),
            "CC0-1.0",
            ", ".join(
                f"{name}={package.rsplit('/', 1)[1]}:{icon}" for name, (package, icon) in ICONS.items()
            ),
        )
    )
    return entries


def _write(target: str, content: bytes, package: str, version: str, licence: str, source: str) -> Entry:
    path = ROOT / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Entry(file=target, package=package, version=version, licence=licence, source=source, sha256=digest)


def vendored_files(root: Path) -> set[str]:
    """Every file under the two vendor folders but the manifest, relative to `root`."""
    folders = (root / VENDOR, root / "tests/browser/vendor")
    found = {
        path.relative_to(root).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }
    return found - {MANIFEST.as_posix()}


def problems(root: Path = ROOT) -> list[str]:
    """What differs from MANIFEST.json under `root`: one sentence each, empty when all is well."""
    try:
        entries: list[Entry] = json.loads((root / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        return [f"{MANIFEST} cannot be read: {problem}"]
    wanted = {entry["file"]: entry["sha256"] for entry in entries}
    found = vendored_files(root)
    said = [f"{name} is missing" for name in sorted(wanted.keys() - found)]
    said += [f"{name} is not in {MANIFEST}" for name in sorted(found - wanted.keys())]
    said += [
        f"{name} was changed by hand"
        for name in sorted(wanted.keys() & found)
        if hashlib.sha256((root / name).read_bytes()).hexdigest() != wanted[name]
    ]
    return said


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        said = problems()
        for line in said:
            print(f"vendor: {line}; run script/vendor", file=sys.stderr)
        return 1 if said else 0
    for name in vendored_files(ROOT):
        (ROOT / name).unlink()
    entries = copy()
    text = json.dumps(sorted(entries, key=lambda entry: entry["file"]), ensure_ascii=False, indent=2)
    (ROOT / MANIFEST).write_text(text + "\n", "utf-8")
    print(f"vendor: {len(entries)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
