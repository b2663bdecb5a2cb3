"""Writes to who works here. The audit chain gets numbers and roles: no names, addresses or passwords."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.rows import clean
from projects.models import Membership, User
from projects.permissions.access import Access, Permission, Target, may


def may_manage(access: Access, memberships: Iterable[Membership]) -> bool:
    """Whether every one of somebody's roles lies within reach; without any it takes the whole city.

    A district's administrator must not set the password of the city's.
    """
    targets = [target_of(membership) for membership in memberships] or [Target()]
    return all(may(access, Permission.MEMBERSHIP_CHANGE, target) for target in targets)


def target_of(membership: Membership) -> Target:
    """Where a role holds."""
    department = membership.department_id
    return Target(membership.division_id, frozenset() if department is None else frozenset({department}))


def save_user(
    *,
    access: Access,
    user: User,
    memberships: Sequence[Membership],
    password: str | None = None,
    reason: str = "",
) -> User:
    """Write a user together with all their roles (those not given are ended and removed).

    Raises NotAllowed when a role before or after lies outside the actor's reach, or when the actor would lock
    themselves out; Invalid naming the fields.
    """
    with transaction.atomic():
        is_new = user.pk is None
        before = (
            [] if is_new else list(Membership.objects.select_for_update().filter(user=user).order_by("pk"))
        )
        if (not is_new and not may_manage(access, before)) or not may_manage(access, memberships):
            raise NotAllowed(_("这个账号或其中的角色不在您的管理范围内。"))
        if user.pk == access.user_id and (
            not user.is_active or not user.is_staff or not _administers(memberships)
        ):
            raise NotAllowed(_("不能停用自己的账号,也不能去掉自己的管理员角色。"))
        stored = User.objects.select_for_update().filter(pk=user.pk).first()
        if stored is not None and stored.changed_seq != user.changed_seq:
            # A form opened before must not give back a role or an access that was taken away since.
            raise Conflict(
                _("“%(name)s”在您打开之后已被他人修改,请重新打开。") % {"name": stored}, current_version=0
            )
        flags = _flags(stored) if stored is not None else {}
        user.is_superuser = False
        if password is not None:
            _set_password(user, password)
        clean(user)
        user.save()
        kept = []
        for membership in memberships:
            membership.user = user
            clean(membership)
            membership.save()
            kept.append(membership.pk)
        Membership.objects.filter(user=user).exclude(pk__in=kept).delete()
        changed: dict[str, ledger.JSON] = {
            name: [flags.get(name), value] for name, value in _flags(user).items() if flags.get(name) != value
        }
        roles = [[_said(row) for row in rows] for rows in (before, memberships)]
        if roles[0] != roles[1]:
            changed["memberships"] = [sorted(roles[0]), sorted(roles[1])]
        with ledger.take(1, actor_id=access.user_id) as numbers:
            user.changed_seq = numbers.first
            user.save(update_fields=["changed_seq"])
            numbers.write([_entry(user, "user.add" if is_new else "user.change", changed, reason)])
    return user


def set_password(*, access: Access, user: User, password: str) -> None:
    """Give somebody a new password; their sessions end. Raises NotAllowed, Invalid."""
    with transaction.atomic():
        if not may_manage(access, Membership.objects.filter(user=user)):
            raise NotAllowed(_("这个账号或其中的角色不在您的管理范围内。"))
        _set_password(user, password)
        user.save(update_fields=["password"])
        with ledger.take(1, actor_id=access.user_id) as numbers:
            numbers.write([_entry(user, "user.password", {}, "")])


def record_accounts(*, access: Access, users: Sequence[User], reason: str) -> None:
    """One entry for each account that a command has just written: the demo's, and their end.

    Inside the transaction that wrote them. Raises NotAllowed unless the actor manages people everywhere.
    """
    if not may(access, Permission.MEMBERSHIP_CHANGE, Target()):
        raise NotAllowed(_("这个账号或其中的角色不在您的管理范围内。"))
    if not users:
        return
    with ledger.take(len(users), actor_id=access.user_id) as numbers:
        for seq, user in enumerate(users, start=numbers.first):
            verb = "user.change" if user.changed_seq else "user.add"
            user.changed_seq = seq
            user.save(update_fields=["changed_seq"])
            roles = sorted(_said(row) for row in user.memberships.all())
            changed: dict[str, ledger.JSON] = {name: [None, value] for name, value in _flags(user).items()}
            numbers.write([_entry(user, verb, {**changed, "memberships": [[], roles]}, reason)])


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as problem:
        raise Invalid({"password": " ".join(problem.messages)}) from problem
    user.set_password(password)


def _administers(memberships: Iterable[Membership]) -> bool:
    return any(
        membership.role == "administrator" and membership.valid_to is None for membership in memberships
    )


def _flags(user: User) -> dict[str, bool]:
    return {"is_active": user.is_active, "is_staff": user.is_staff}


def _said(row: Membership) -> str:
    parts = [row.role]
    parts += [f"division:{row.division_id}"] if row.division_id is not None else []
    parts += [f"department:{row.department_id}"] if row.department_id is not None else []
    if row.valid_from or row.valid_to:
        parts.append(f"{row.valid_from or ''}..{row.valid_to or ''}")
    return " ".join(parts)


def _entry(user: User, action: str, changed: dict[str, ledger.JSON], reason: str) -> ledger.Entry:
    return ledger.Entry(
        action=action,
        subject_type="user",
        subject_id=str(user.pk),
        payload={"reason": reason, "changed": changed},
    )
