"""The distinct words of a column of a staged file: a person says what each of them means."""

from functools import lru_cache
from typing import Final

from projects.exchange.problems import UnreadableFile
from projects.exchange.stagedfile import read_staged
from projects.exchange.stagedoptions import StagedOptions
from projects.models import StagedImport

#: A column with more different values holds no words but names.
MOST_WORDS: Final = 40


def words_of(staged: StagedImport, options: StagedOptions, header: str) -> tuple[str, ...] | None:
    """In the order in which the file has them, blanks left out; None when they are too many to be words, or
    when the file cannot be read (which is said elsewhere)."""
    return _words(staged.pk, staged.file_sha256, options.encoding, options.sheet, options.header_row, header)


@lru_cache(maxsize=64)
def _words(
    staged_id: int,
    digest: str,
    encoding: str | None,
    sheet: str | None,
    header_row: int | None,
    header: str,
) -> tuple[str, ...] | None:
    """Kept: a page is shown several times, and a large workbook takes seconds to read."""
    staged = StagedImport.objects.get(pk=staged_id, file_sha256=digest)
    options = StagedOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    found: dict[str, None] = {}
    try:
        for row in read_staged(staged, options, degrees=False).rows:
            word = row.cells.get(header, "").strip()
            if word:
                found.setdefault(word)
            if len(found) > MOST_WORDS:
                return None
    except UnreadableFile:
        return None
    return tuple(found)
