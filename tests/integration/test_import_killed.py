"""An import that is killed while it writes leaves nothing behind (a real process, a real file)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = 12_000  # three chunks: the first is whole, triggers and all, when the second is cut short

pytestmark = pytest.mark.long

SET_UP = """
from projects.models import FacilityKind, Membership, User
from projects.rules.vocabulary import Role
from projects.actions.divisions import save_boundary, save_division
from projects.models.access import system_access
from projects.rules.vocabulary import DivisionLevel
import datetime as dt, shapely
access = system_access()
county = save_division(access=access, code="330203", name_zh="海曙区", level=DivisionLevel.COUNTY)
save_boundary(access=access, division=county, geometry=shapely.box(121.5, 29.8, 121.6, 29.9), source="test",
              licence="test", valid_from=dt.date(2024, 1, 1))
FacilityKind.objects.create(slug="school", number=1, name_zh="中小学")
user = User.objects.create(username="admin")
Membership.objects.create(user=user, role=Role.ADMINISTRATOR.value)
"""
COUNT = """
import json
from django.db import connection
from projects.models import AuditEntry, ChangeHead, ImportBatch, Site, SiteState
head = ChangeHead.objects.get()
numbers = [Site.objects.count(), SiteState.objects.count(), AuditEntry.objects.count(), head.seq,
           ImportBatch.objects.count()]
with connection.cursor() as cursor:
    for column in ("geom", "location"):
        cursor.execute(f"SELECT COUNT(*), CheckSpatialIndex('projects_site', '{column}') FROM idx_projects_site_{column}")
        numbers += cursor.fetchone()
    cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger'")
    numbers += cursor.fetchone()
print(json.dumps(numbers))
"""


def test_kill_9_in_the_middle_of_writing(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"spatialite:///{tmp_path}/db.sqlite3",
    }

    def manage(*args: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *args]

    def run(*args: str) -> str:
        return subprocess.run(
            manage(*args), env=environment, check=True, capture_output=True, text=True, timeout=300
        ).stdout

    def counts() -> list[int]:
        found: list[int] = json.loads(run("shell", "-v0", "-c", COUNT))
        return found

    run("migrate", "-v0")
    run("shell", "-v0", "-c", SET_UP)
    path = tmp_path / "many.csv"
    rows = (f"K{n},校{n},{121.51 + n * 7e-6:.6f},29.85\n" for n in range(ROWS))
    path.write_text("code,name,lon,lat\n" + "".join(rows), encoding="utf-8")
    command = ("import_sites", str(path), "--actor", "admin", "--code", "code", "--kind", "school")
    before = counts()
    journal = tmp_path / "db.sqlite3-wal"
    process = subprocess.Popen(
        manage(*command, "--datum", "wgs84"),
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    start = journal.stat().st_size if journal.exists() else 0
    deadline = time.monotonic() + 120
    # The journal grows once the transaction spills what it writes: that is the middle.
    while process.poll() is None and time.monotonic() < deadline:
        if journal.exists() and journal.stat().st_size > start:
            break
        time.sleep(0.002)
    assert process.poll() is None, "it was over before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert counts() == before
    answer = json.loads(run(*command, "--datum", "wgs84", "--json"))
    assert (answer["status"], answer["created"]) == ("applied", ROWS)
    after = counts()
    assert after[:2] == [ROWS, ROWS]
    assert after[5:] == [ROWS, 1, ROWS, 1, before[-1]]
