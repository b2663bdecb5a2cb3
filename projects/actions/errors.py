"""Why an action refused. Nothing was written when one of these is raised."""

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
