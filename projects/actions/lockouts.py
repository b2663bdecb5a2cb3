"""Unlocking an account that wrong passwords or codes have locked."""

from axes.models import AccessAttempt
from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import NotAllowed
from projects.actions.people import may_manage
from projects.models import Authenticator, Membership, User
from projects.permissions.access import Access


def unlock(*, access: Access, user: User, reason: str = "") -> int:
    """Forget the failed tries of an account from every address; how many they were. Raises NotAllowed."""
    with transaction.atomic():
        if not may_manage(access, Membership.objects.filter(user=user)):
            raise NotAllowed(_("这个账号或其中的角色不在您的管理范围内。"))
        attempts = AccessAttempt.objects.filter(username=user.username)
        failures = sum(int(count) for count in attempts.values_list("failures_since_start", flat=True))
        attempts.delete()
        Authenticator.objects.filter(user=user).update(failures=0, failed_at=None)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            numbers.write(
                [
                    ledger.Entry(
                        action="user.unlock",
                        subject_type="user",
                        subject_id=str(user.pk),
                        payload={"reason": reason.strip()[:300], "changed": {}},
                    )
                ]
            )
    return failures
