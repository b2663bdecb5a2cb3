"""Build the index in a process of its own, in a folder of its own, and tell what it took."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from django.conf import settings

from maps.pointindex import Columns, PointIndex
from projects.readmodels import siteindex
from tests.benchmarks import sitesql


def main(arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings.POINT_INDEX_DIR = Path(folder)
        began = time.perf_counter()
        held = siteindex.rebuild()
        rebuilt = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        stored = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        rows = np.array(
            sitesql.rows(
                "SELECT id, ST_X(location), ST_Y(location) FROM projects_site WHERE deleted_seq IS NULL"
            )
        ).reshape(-1, 3)
        columns = Columns(
            rows[:, 0].astype(np.int64),
            rows[:, 1].astype(np.float64),
            rows[:, 2].astype(np.float64),
            # What is in the columns does not matter to a sort by position.
            {name: np.zeros(len(rows), dtype) for name, dtype in held.index.base.schema.items()},
        )
        schema = dict(held.index.base.schema)
        began = time.perf_counter()
        PointIndex.build(columns, schema)
        built = time.perf_counter() - began
    json.dump(
        {
            "rebuild_seconds": rebuilt,
            "build_seconds": built,
            "peak_rss": peak,
            "bytes_per_site": stored / max(len(rows), 1),
        },
        sys.stdout,
    )
    return 0
