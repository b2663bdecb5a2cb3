"""How much a file may cost. Shared by the process that reads it and the one that waits for it; no Django."""

from dataclasses import asdict, dataclass
from typing import Any, Final

MEGABYTE: Final = 1024 * 1024
#: Excel's own is 32,767 characters; a WKT of a long road is longer.
MAX_CELL_CHARACTERS: Final = 1_000_000
MAX_COLUMNS: Final = 500
#: What our own workbooks call the sheet of rows; its name is part of the format, in every language.
DATA_SHEET: Final = "点位"
#: Stands in a cell whose formula was never worked out (a program wrote the file, no spreadsheet saved it).
UNCALCULATED: Final = "#未计算!"


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` of the clock, `cpu_seconds` of a core; `memory_mb` of address space (a workbook of a million
    rows and twenty columns takes some 1.5 GB); `unpacked_mb` of what a zip unpacks to; `stream_mb` of what
    may come back; `rows` of data and whatever stands above and between them."""

    seconds: float = 180.0
    cpu_seconds: int = 150
    memory_mb: int = 3072
    unpacked_mb: int = 1024
    stream_mb: int = 1024
    line_mb: int = 64
    rows: int = 1_000_000
    columns: int = MAX_COLUMNS
    cell_characters: int = MAX_CELL_CHARACTERS
    zip_entries: int = 5_000

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
