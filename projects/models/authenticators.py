"""The second factor of a person: a phone's secret, sealed, and recovery codes as fingerprints."""

import datetime as dt
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_otp.oath import TOTP

from projects.models.people import User
from projects.models.sealing import fingerprint, has_fingerprint, seal, unseal
from projects.rules.codes import DIGITS, STEP_SECONDS, TOLERANCE

_KEY: Final = "second-factor"
_CODE: Final = "recovery-code"


def matching_step(key: bytes, code: str, now: dt.datetime, *, after: int = -1) -> int | None:
    """The step of the clock (RFC 6238, 30 s) whose code this is; None for a wrong, an old or a used one.

    One step before and one after now are taken; `after`: the last step that was used.
    """
    totp = TOTP(key, step=STEP_SECONDS, digits=DIGITS)
    totp.time = now.timestamp()
    return int(totp.t()) if totp.verify(int(code), tolerance=TOLERANCE, min_t=after + 1) else None


class Authenticator(models.Model):
    """A person's phone. `last_step`: the newest code that was used; nothing up to it is taken again."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="authenticator")
    sealed_key = models.TextField()
    last_step = models.BigIntegerField(default=-1)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(_("启用时间"))

    class Meta:
        verbose_name = _("两步登录设备")
        verbose_name_plural = _("两步登录设备")
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failed_at__isnull=True) | Q(failures__gt=0, failed_at__isnull=False),
                name="authenticator_failures_dated",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    def put(self, key: bytes) -> None:
        """Seal a secret into the row."""
        self.sealed_key = seal(key.hex(), _KEY)

    def key(self) -> bytes | None:
        """The secret; None when SECRET_KEY was changed since without keeping the old one."""
        text = unseal(self.sealed_key, _KEY)
        return None if text is None else bytes.fromhex(text)


class RecoveryCode(models.Model):
    """One way in without the phone, once: the row goes when it is used."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("恢复码")
        verbose_name_plural = _("恢复码")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.pk}"

    @classmethod
    def made(cls, user: User, code: str) -> "RecoveryCode":
        """A row for a code as `typed_code` reads it. A fast hash does: a code has 59 random bits."""
        return cls(user=user, digest=fingerprint(f"{user.pk}:{code}", _CODE))

    def is_code(self, code: str) -> bool:
        return has_fingerprint(f"{self.user_id}:{code}", _CODE, self.digest)
