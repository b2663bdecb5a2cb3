"""Taking a policy in from a file: always a new version, never an edit."""

import datetime as dt
from dataclasses import replace

from django.db import transaction

from projects.actions.programmes import save_policy
from projects.actions.rows import require_city
from projects.models import LagPolicy
from projects.permissions.access import Access, Permission
from projects.rules.policy import Policy


def adopt_policy(
    *, access: Access, policy: Policy, effective_from: dt.date, reason: str = ""
) -> tuple[LagPolicy, bool]:
    """The stored version that says what `policy` says, and whether it was made now.

    The newest version of its key is taken when it says the same; otherwise the next number is given (the
    file's own, where it is higher). Raises NotAllowed and Invalid.
    """
    require_city(access, Permission.POLICY_CHANGE)
    with transaction.atomic():
        rows = LagPolicy.objects.select_for_update().filter(key=policy.key, deleted_seq__isnull=True)
        newest = rows.order_by("-version").first()
        if newest is not None:
            held = Policy.from_json(newest.rules)
            if replace(held, version=policy.version) == policy:
                return newest, False
            policy = replace(policy, version=max(policy.version, newest.version + 1))
        row = LagPolicy(
            key=policy.key,
            version=policy.version,
            name_zh=policy.title[:200],
            name_en=policy.title_en[:200],
            rules=policy.to_json(),
            source=policy.source,
            effective_from=effective_from,
        )
        return save_policy(access=access, row=row, reason=reason), True
