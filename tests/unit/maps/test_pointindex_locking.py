"""One writer at a time, in a folder that may not be there, and never a lock that outlives its holder."""

import subprocess
import sys
from pathlib import Path

from maps.pointindex.locking import writer_lock

HOLDER = """
import sys, time
from pathlib import Path
from maps.pointindex.locking import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    root = tmp_path / "index"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(root)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with writer_lock(root, wait=False) as mine:
            assert not mine
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
    with writer_lock(root, wait=False) as mine:
        assert mine
    with writer_lock(root) as mine:
        assert mine


def test_where_no_lock_can_be_had_everybody_writes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with writer_lock(tmp_path / "file") as mine:
        assert mine
