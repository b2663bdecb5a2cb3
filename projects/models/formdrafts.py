"""What somebody typed into a form and has not saved: theirs alone, for a week."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.people import User
from projects.models.sealing import seal, unseal
from projects.rules.drafts import KEPT_DAYS, Fields, form_address

_SEAL: Final = "form-draft"


@dataclass(frozen=True, slots=True)
class DraftContent:
    """The fields in the form's order; `files` and `secrets` name what has to be given again."""

    fields: Fields
    files: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def as_text(self) -> str:
        return json.dumps(
            {"fields": self.fields, "files": self.files, "secrets": self.secrets}, ensure_ascii=False
        )

    @classmethod
    def of_text(cls, text: str) -> "DraftContent":
        held = json.loads(text)
        return cls(
            tuple((str(name), str(value)) for name, value in held["fields"]),
            tuple(map(str, held["files"])),
            tuple(map(str, held["secrets"])),
        )


class FormDraftQuerySet(models.QuerySet["FormDraft"]):
    def alive(self, now: dt.datetime) -> "FormDraftQuerySet":
        """Those that have not grown too old."""
        return self.filter(saved_at__gt=now - dt.timedelta(days=KEPT_DAYS))

    def of(self, user: User, address: str, now: dt.datetime) -> "FormDraft | None":
        """Somebody's draft of the form at an address, in whichever language and however it was come by."""
        known = form_address(address)
        return None if known is None else self.alive(now).filter(user=user, address=known).first()


class FormDraft(models.Model):
    """One form of one person. The text is sealed: neither other roles nor a copy of the database show it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="form_drafts")
    address = models.CharField(max_length=600)
    sealed = models.TextField()
    seen_seq = models.BigIntegerField(_("打开时的变更序号"), null=True)
    saved_at = models.DateTimeField(db_index=True)

    objects = FormDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="form_draft_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.address}"

    def put(self, content: DraftContent) -> None:
        self.sealed = seal(content.as_text(), _SEAL)

    def content(self) -> DraftContent | None:
        """None when SECRET_KEY was changed since."""
        text = unseal(self.sealed, _SEAL)
        return None if text is None else DraftContent.of_text(text)
