"""Stopping a check: its worker finds with its next word that its attempt is over, and ends."""

from projects.exchange.staging import one
from projects.models import StagedImport
from projects.permissions.access import Access
from projects.rules.vocabulary import StagedState


def stop_check(access: Access, staged_id: int) -> bool:
    """Let the check of a file go; whether there was one. What it had found so far is not shown, and is thrown
    away by the next. Raises NotAllowed."""
    one(access, staged_id)
    checking = StagedImport.objects.filter(pk=staged_id, state=StagedState.CHECKING.value)
    return bool(checking.update(state=StagedState.UPLOADED.value, attempt=""))
