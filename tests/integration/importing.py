"""Running import_sites in tests: a file, the command, what it answered."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

from projects.models import AuditEntry, ChangeHead, ImportBatch, Site

HEAD = "code,name,lon,lat,区县\n"

GOOD = HEAD + "A1,药行街助餐点,121.55,29.85,海曙区\nA2,钟公庙助餐点,121.65,29.85,鄞州区\n"


def write(folder: Path, text: str | bytes, name: str = "places.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def run(path: Path, *args: str, actor: str = "admin", code: str = "code") -> tuple[int, dict[str, Any]]:
    """Exit status and the answer as a machine reads it."""
    kind = () if any(arg.startswith("--kind") for arg in args) else ("--kind", "meal-point")
    datum = () if "--datum" in args else ("--datum", "wgs84")
    out = io.StringIO()
    status = 0
    try:
        call_command(
            "import_sites",
            str(path),
            "--actor",
            actor,
            "--code",
            code,
            *kind,
            *datum,
            "--json",
            *args,
            stdout=out,
        )
    except SystemExit as stop:
        status = int(str(stop.code))
    return status, json.loads(out.getvalue())


def spoken(path: Path, *args: str) -> str:
    out = io.StringIO()
    call_command(
        "import_sites", str(path), "--actor", "admin", "--code", "code", "--kind", "meal-point",
        "--datum", "wgs84", *args, stdout=out,
    )  # fmt: skip
    return out.getvalue()


def history() -> tuple[int, int, int, int]:
    """Everything that an import could write, in numbers."""
    head = ChangeHead.objects.first()
    return (
        Site.objects.count(),
        AuditEntry.objects.count(),
        ImportBatch.objects.count(),
        head.seq if head else 0,
    )
