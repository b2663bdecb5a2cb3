"""A stored file under a name that says what it is: readers go by a file's ending."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath

from django.utils.translation import gettext as _

from projects.exchange.describing import FileDescription, describe
from projects.exchange.problems import UnreadableFile
from projects.exchange.readers import Table, read_table
from projects.exchange.stagedoptions import StagedOptions
from projects.models import StagedImport
from projects.models.storedfiles import path_of


@contextmanager
def named(staged: StagedImport) -> Iterator[Path]:
    """The stored file under its own ending. Raises UnreadableFile when it is no longer there."""
    stored = path_of(staged.file_sha256)
    if not stored.exists():
        raise UnreadableFile(_("文件的内容已不在服务器上,请重新上传。"))
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / ("file" + "".join(PurePath(staged.file_name).suffixes[-2:]).lower())
        path.symlink_to(stored.resolve())
        yield path


def read_staged(staged: StagedImport, options: StagedOptions, *, degrees: bool) -> Table:
    """Raises UnreadableFile."""
    with named(staged) as path:
        table = read_table(
            path,
            sheet=options.sheet,
            header_row=options.header_row,
            encoding=options.encoding,
            degrees=degrees,
        )
    return replace(table, name=staged.file_name)


def describe_staged(staged: StagedImport, options: StagedOptions) -> FileDescription:
    """What the readers say of a file before anybody says how to read it. Raises UnreadableFile."""
    with named(staged) as path:
        return describe(
            path, sheet=options.sheet, header_row=options.header_row, encoding=options.encoding
        )
