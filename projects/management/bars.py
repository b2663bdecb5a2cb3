"""The bar that a long command shows on a terminal: one line for each part of the work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from projects.exchange.importjob import CHECK, READ, WRITE

OnPhase = Callable[[str, int | None], None]
OnProgress = Callable[[int], None]


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[tuple[OnPhase, OnProgress]]:
    """What to call when a part begins (its name, how many in all if that is known) and as it goes on.

    Nothing is shown where nobody looks: with `quiet`, and when standard error is no terminal.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    words = {READ: _("读取"), CHECK: _("检查"), WRITE: _("写入")}
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        tasks: list[TaskID] = []

        def on_phase(phase: str, total: int | None) -> None:
            if tasks:
                # What was of unknown size is done now.
                done = bar.tasks[-1]
                bar.update(tasks[-1], total=done.total or 1, completed=done.total or 1)
            tasks.append(bar.add_task(words.get(phase, phase), total=total))

        def on_progress(count: int) -> None:
            if tasks:
                bar.advance(tasks[-1], count)

        yield on_phase, on_progress
