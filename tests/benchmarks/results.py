"""What one run found out; passed from the process of one database and size to the one that prints."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.samples import Timing
from tests.benchmarks.servers import Memory


@dataclass(frozen=True, slots=True)
class Against:
    """A baseline beside an operation."""

    name: str
    timing: Timing


@dataclass(frozen=True, slots=True)
class Row:
    """One operation at one size. `ours`: under addresses never asked for before; `again`: under addresses
    that were. `floor` is the constant view in the same window; bytes are of the largest answer that was
    looked at; `checked` answers were compared.
    """

    operation: str
    ours: Timing
    again: Timing
    floor: Timing | None
    against: tuple[Against, ...]
    raw_bytes: int
    gzip_bytes: int
    checked: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kernel:
    """An index operation beside SQL in one process, before any framework. SQL by name."""

    operation: str
    index: Timing
    against: tuple[Against, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """Seconds of building the index, and the building process's peak in MiB."""

    rebuild_seconds: float
    build_seconds: float
    peak_rss: float
    bytes_per_site: float


@dataclass(frozen=True, slots=True)
class Storm:
    """Distinct addresses asked for by several connections at once."""

    connections: int
    timing: Timing
    per_second: float


@dataclass(frozen=True, slots=True)
class Freshness:
    """Edits through the actions while two workers serve; milliseconds.

    `staff`: from commit until every worker answered staff with the edit. `public`: until every worker
    answered everybody with it. `edit`: what one edit took.
    """

    workers: int
    seconds: float
    per_second: float
    edit: Timing
    staff: Timing
    staff_max: float
    public: Timing
    public_max: float


@dataclass(frozen=True, slots=True)
class Browser:
    """The map in Chromium at a fourth of this machine's speed; milliseconds."""

    first_clusters: float
    pan_frame: float


@dataclass
class SizeResult:
    """Everything about one database at one size."""

    database: str
    size: str
    sites: int
    load_seconds: float | None = None
    rows: list[Row] = field(default_factory=list)
    kernels: list[Kernel] = field(default_factory=list)
    memory: Memory | None = None
    open_ms: float | None = None
    build: Build | None = None
    storm: Storm | None = None
    freshness: Freshness | None = None
    browser: Browser | str = "not measured"
    differences: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def row(self, operation: str) -> Row | None:
        return next((row for row in self.rows if row.operation == operation), None)

    def save(self, path: Path) -> None:
        path.write_bytes(pickle.dumps(self))


def read(path: Path) -> SizeResult:
    """What `save` wrote. Only for files of this run."""
    found = pickle.loads(path.read_bytes())
    assert isinstance(found, SizeResult)
    return found
