"""A stored file as a table: which of the readers takes it follows from the name it was handed in under."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from projects.exchange.describing import describe
from projects.exchange.problems import UnreadableFile
from projects.exchange.readers import read_table
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.tables import Table
from projects.models import StagedImport
from projects.models.storedfiles import path_of


def read_staged(staged: StagedImport, options: StagedOptions, *, degrees: bool) -> Table:
    """Raises UnreadableFile."""
    try:
        return read_table(
            path_of(staged.file_sha256),
            name=staged.file_name,
            sheet=options.sheet,
            header_row=options.header_row,
            encoding=options.encoding,
            degrees=degrees,
        )
    except FileNotFoundError as problem:
        raise _gone() from problem


def describe_staged(staged: StagedImport, options: StagedOptions) -> dict[str, Any]:
    """What the readers say of a file (`FileDescription` as JSON). Raises UnreadableFile."""
    try:
        found = describe(
            path_of(staged.file_sha256),
            name=staged.file_name,
            sheet=options.sheet,
            header_row=options.header_row,
            encoding=options.encoding,
        )
    except FileNotFoundError as problem:
        raise _gone() from problem
    return asdict(found)


def _gone() -> UnreadableFile:
    return UnreadableFile(_("文件的内容已不在服务器上,请重新上传。"))
