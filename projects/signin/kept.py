"""A form that arrives after the log-in has ended: what was typed waits on the log-in page, sealed.

The server keeps nothing for somebody who is not logged in: the sealed text travels in the log-in form and
opens for the same person only. A request of another site plants nothing, for its token is wrong.
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from projects.actions.formdrafts import save_draft
from projects.models import User
from projects.models.formdrafts import DraftContent
from projects.models.sealing import seal, unseal
from projects.rules.drafts import RESTORE, DraftTooLarge, form_address, kept_fields, left_out
from projects.signin.middleware import ended

_SEAL: Final = "kept-form"
_SECONDS: Final = 24 * 3600
_FILES_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What somebody sent to `address` when their log-in had ended."""

    owner_id: int
    address: str
    content: DraftContent

    @property
    def sealed(self) -> str:
        body = {"owner": self.owner_id, "address": self.address, "content": self.content.as_text()}
        return seal(json.dumps(body, ensure_ascii=False), _SEAL)

    @property
    def return_address(self) -> str:
        """The form with what was typed in it."""
        path, _question, query = self.address.partition("?")
        words = [word for word in query.split("&") if word and not word.startswith(f"{RESTORE}=")]
        return f"{path}?{'&'.join([*words, f'{RESTORE}=1'])}"


def kept_form(request: HttpRequest) -> KeptForm | None:
    """What to keep of a POST; None for strangers, without a good token, for passwords, or too much."""
    owner = ended(request)
    address = request.get_full_path()
    if owner is None or not getattr(request, "csrf_processing_done", False) or form_address(address) is None:
        return None
    pairs = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    try:
        fields = kept_fields(pairs)
    except DraftTooLarge:
        return None
    files = [file.name or name for name, held in request.FILES.lists() for file in held]
    secrets = left_out(name for name, _value in pairs)
    return KeptForm(owner.user_id, address, DraftContent(fields, tuple(files[:_FILES_NAMED]), secrets))


def opened(text: str) -> KeptForm | None:
    """What the log-in page carried; None when it was not ours or is older than a day."""
    body = unseal(text, _SEAL, seconds=_SECONDS) if text else None
    if body is None:
        return None
    held = json.loads(body)
    return KeptForm(int(held["owner"]), str(held["address"]), DraftContent.of_text(held["content"]))


def hand_over(kept: KeptForm, user: User, now: dt.datetime) -> bool:
    """Make it the person's draft; False for anybody else, who sees nothing of it."""
    if kept.owner_id != user.pk:
        return False
    return save_draft(user=user, address=kept.address, content=kept.content, now=now, pace=False) is not None
