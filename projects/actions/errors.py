"""Why an action refused. Nothing was written when one of these is raised."""

import datetime as dt
from collections.abc import Mapping


class ActionError(Exception):
    """An action refused; `str()` is a sentence for the person who asked, in the language of the page."""


class NotAllowed(ActionError):
    """The actor may not do this to that row."""


class Invalid(ActionError):
    """A value cannot be. `errors` names each field; an empty name speaks of the whole row."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(self.errors.values()))


class Conflict(ActionError):
    """Somebody else changed the row since it was read."""

    def __init__(self, message: str, *, current_version: int) -> None:
        self.current_version = current_version
        super().__init__(message)


class PeriodClosed(ActionError):
    """What was to be written took effect in a closed period. It can be asked for as a correction.

    `call` is set by the refused action (projects.actions.closing.correctable): its name and its arguments.
    """

    def __init__(self, message: str, *, programme_id: int, effective_on: dt.date, through: dt.date) -> None:
        self.programme_id = programme_id
        self.effective_on = effective_on
        self.through = through
        self.call: tuple[str, Mapping[str, object]] | None = None
        super().__init__(message)
