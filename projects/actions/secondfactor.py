"""Writes to the second step of a log-in. The audit chain gets that it was switched on or off: no secret."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.people import may_manage
from projects.models import Authenticator, Membership, RecoveryCode, User
from projects.models.authenticators import matching_step
from projects.permissions.access import Access
from projects.rules.codes import is_totp, new_recovery_codes, typed_code
from projects.rules.waiting import delay_after

SINCE: Final = "second_factor_since"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a code. `wait_until`: not even looked at, somebody guesses; `codes_left`: on paper."""

    passed: bool
    used_recovery_code: bool = False
    wait_until: dt.datetime | None = None
    codes_left: int = 0
    #: The secret cannot be read any more: SECRET_KEY was changed.
    unreadable: bool = False


def check_code(*, user: User, typed: str, now: dt.datetime) -> Answer:
    """Take a code of the phone, or a recovery code. A used one is refused, in parallel requests, too.

    Outside the change sequence, like every log-in: nothing of the city's data follows from it.
    """
    with transaction.atomic():
        device = Authenticator.objects.select_for_update().filter(user=user).first()
        if device is None:
            return Answer(False)
        if device.failed_at is not None:
            free = device.failed_at + delay_after(device.failures)
            if now < free:
                return Answer(False, wait_until=free)
        code = typed_code(typed)
        key = device.key()
        passed = used = False
        if is_totp(code) and key is not None:
            step = matching_step(key, code, now, after=device.last_step)
            passed = step is not None
            device.last_step = device.last_step if step is None else step
        elif code and not is_totp(code):
            held = next((row for row in user.recovery_codes.all() if row.is_code(code)), None)
            if held is not None:
                held.delete()
                passed = used = True
        device.failures = 0 if passed else device.failures + 1
        device.failed_at = None if passed else now
        device.save(update_fields=["last_step", "failures", "failed_at"])
        return Answer(passed, used, codes_left=user.recovery_codes.count(), unreadable=key is None)


def enrol(
    *, access: Access, user: User, key: bytes, typed: str, now: dt.datetime, replaces: bool = False
) -> list[str]:
    """Confirm a phone by its first code; the recovery codes, which nobody sees again.

    Other log-ins of the person end. Raises NotAllowed for anybody else, Conflict when there is a second
    factor already that this was not asked to replace, Invalid for a wrong code.
    """
    _own(access, user)
    code = typed_code(typed)
    step = matching_step(key, code, now) if is_totp(code) else None
    if step is None:
        raise Invalid({"code": _("验证码不对。")})
    with transaction.atomic():
        stored = User.objects.select_for_update().get(pk=user.pk)
        if stored.second_factor_since is not None and not replaces:
            raise Conflict(_("这个账号刚刚已经启用了两步登录,请重新登录。"), current_version=0)
        device = Authenticator.objects.filter(user=stored).first() or Authenticator(user=stored)
        device.put(key)
        device.last_step, device.failures, device.failed_at, device.confirmed_at = step, 0, None, now
        device.save()
        codes = _new_codes(stored)
        # Never the same moment twice: log-ins of before end because it changes.
        before = stored.second_factor_since
        since = now if before is None else max(now, before + dt.timedelta(milliseconds=1))
        _record(access, user, stored, since, "user.second_factor", "")
    return codes


def renew_recovery_codes(*, access: Access, user: User) -> list[str]:
    """Ten new ones; the old ones open nothing any more. Raises NotAllowed, Conflict."""
    _own(access, user)
    with transaction.atomic():
        stored = User.objects.select_for_update().get(pk=user.pk)
        if stored.second_factor_since is None:
            raise Conflict(_("这个账号没有启用两步登录。"), current_version=0)
        codes = _new_codes(stored)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            numbers.write([_entry(stored, "user.recovery_codes", {}, "")])
    return codes


def remove_second_factor(*, access: Access, user: User) -> None:
    """Switch one's own off. Whether the policy allows that, the caller has asked. Raises NotAllowed."""
    _own(access, user)
    with transaction.atomic():
        stored = User.objects.select_for_update().get(pk=user.pk)
        _forget(stored)
        _record(access, user, stored, None, "user.second_factor", "")


def reset_second_factor(*, access: Access, user: User, reason: str) -> None:
    """Take somebody's second factor away: phone and paper are lost. Their log-ins end.

    Raises NotAllowed for oneself (a stolen session must not shed the code) and outside one's reach; Invalid
    without a reason or without anything to take away.
    """
    if user.pk == access.user_id:
        raise NotAllowed(_("自己的两步登录请在“两步登录”页面更换。"))
    if not reason.strip():
        raise Invalid({"reason": _("请写明原因。")})
    with transaction.atomic():
        if not may_manage(access, Membership.objects.filter(user=user)):
            raise NotAllowed(_("这个账号或其中的角色不在您的管理范围内。"))
        stored = User.objects.select_for_update().get(pk=user.pk)
        if stored.second_factor_since is None:
            raise Invalid({"reason": _("这个账号没有启用两步登录。")})
        _forget(stored)
        _record(access, user, stored, None, "user.second_factor_reset", reason.strip()[:300])


def _own(access: Access, user: User) -> None:
    if access.user_id is None or access.user_id != user.pk:
        raise NotAllowed(_("两步登录只能由本人设置。"))


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = new_recovery_codes()
    RecoveryCode.objects.bulk_create([RecoveryCode.made(user, typed_code(code)) for code in codes])
    return codes


def _forget(user: User) -> None:
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _record(
    access: Access, given: User, stored: User, since: dt.datetime | None, action: str, reason: str
) -> None:
    """Write the fact and its entry; `given` is what the caller goes on with."""
    changed: dict[str, ledger.JSON] = {SINCE: [_moment(stored.second_factor_since), _moment(since)]}
    with ledger.take(1, actor_id=access.user_id) as numbers:
        stored.second_factor_since, stored.changed_seq = since, numbers.first
        stored.save(update_fields=[SINCE, "changed_seq"])
        numbers.write([_entry(stored, action, changed, reason)])
    given.second_factor_since, given.changed_seq = stored.second_factor_since, stored.changed_seq


def _moment(value: dt.datetime | None) -> ledger.JSON:
    return None if value is None else timezone.localtime(value).isoformat(timespec="seconds")


def _entry(user: User, action: str, changed: dict[str, ledger.JSON], reason: str) -> ledger.Entry:
    return ledger.Entry(
        action=action,
        subject_type="user",
        subject_id=str(user.pk),
        payload={"reason": reason, "changed": changed},
    )
