"""Who works here: users, the departments they speak for, and what each may touch."""

import hashlib
import secrets
from collections.abc import Iterator

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from projects.models.base import TwoNames
from projects.models.choices import ROLES


def new_salt() -> str:
    """128 random bits, as hex."""
    return secrets.token_hex(16)


class User(AbstractUser):
    """A member of staff. What a user may do follows from memberships, never from Django's permissions."""

    is_demo = models.BooleanField(_("演示账号"), default=False, editable=False)
    #: Hashed together with the rest of the row: nobody guesses a name from the digest in the audit chain.
    audit_salt = models.CharField(max_length=32, default=new_salt, editable=False)
    #: When the phone of the second step was confirmed; None: no second factor. Written by actions alone.
    second_factor_since = models.DateTimeField(_("两步登录启用时间"), null=True, blank=True, editable=False)
    changed_seq = models.BigIntegerField(_("变更序号"), default=0, editable=False)

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")

    def get_session_auth_hash(self) -> str:
        """A log-in ends when the password changes, and when the second factor does."""
        return self._with_factor(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for each in super().get_session_auth_fallback_hash():
            yield self._with_factor(each)

    def _with_factor(self, digest: str) -> str:
        since = self.second_factor_since
        if since is None:
            return digest
        return hashlib.sha256(f"{digest} {since.timestamp():.6f}".encode()).hexdigest()


class Department(TwoNames):
    """A department (部门) that leads or supports projects."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("部门")
        verbose_name_plural = _("部门")


class Membership(models.Model):
    """One role of one user, within one division (and all below it) or for one department.

    Without either the role holds for the whole city; only the roles for which that makes sense may
    have it so (checked below and in projects.permissions).
    """

    user = models.ForeignKey(
        User, verbose_name=_("用户"), on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("角色"), max_length=20, choices=ROLES)
    division = models.ForeignKey(
        "projects.Division", verbose_name=_("区划"), null=True, blank=True, on_delete=models.PROTECT
    )
    department = models.ForeignKey(
        Department, verbose_name=_("部门"), null=True, blank=True, on_delete=models.PROTECT
    )
    valid_from = models.DateField(_("开始日期"), null=True, blank=True)
    valid_to = models.DateField(_("结束日期(不含)"), null=True, blank=True)

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = _("角色")
        constraints = [
            models.CheckConstraint(
                condition=~Q(role="district_editor") | Q(division__isnull=False),
                name="membership_editor_has_division",
            ),
            models.CheckConstraint(
                condition=~Q(role="department_editor") | Q(department__isnull=False),
                name="membership_dept_editor_has_dept",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="membership_dates_in_order",
            ),
            models.UniqueConstraint(
                "user", "role", Coalesce("division", 0), Coalesce("department", 0), name="membership_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.division or self.department or ''}".strip()
