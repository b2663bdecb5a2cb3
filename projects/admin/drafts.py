"""What somebody typed and has not saved, offered where the form is. Nothing here saves a form.

A view of its own binds its form to `typed(request)` and saves only when `request.method` is POST; a form with
`data-keeps-draft` is kept while it is filled in (static/js/admin/form-drafts.js).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from projects.models import FormDraft
from projects.models.formdrafts import DraftContent
from projects.rules.drafts import RESTORE


@dataclass(frozen=True, slots=True)
class DraftOffer:
    """A draft as the form's page shows it. `has_moved_on`: the row was changed since it was typed."""

    saved_at: dt.datetime
    restore_url: str
    address: str
    is_restored: bool
    has_moved_on: bool
    files: tuple[str, ...]
    secrets: tuple[str, ...]


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, or the draft that the address asks for; None: a fresh form."""
    if request.method == "POST":
        return request.POST
    content = asked_for_draft(request)
    return None if content is None else as_data(content)


def asked_for_draft(request: HttpRequest) -> DraftContent | None:
    """The draft of this form, when the address asks for it."""
    if request.method != "GET" or RESTORE not in request.GET or not request.user.is_authenticated:
        return None
    draft = FormDraft.objects.of(request.user, request.get_full_path(), timezone.now())
    return None if draft is None else draft.content()


def as_data(content: DraftContent) -> QueryDict:
    """The fields as a POST carries them."""
    data = QueryDict(mutable=True)
    for name, value in content.fields:
        data.appendlist(name, value)
    return data


class KeepsDrafts:
    """For admins: a form is drawn with its draft in it when the address asks for that."""

    form: Any

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        self._fill_in(request)
        return super().add_view(request, form_url, extra_context)  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        self._fill_in(request)
        return super().change_view(request, object_id, form_url, extra_context)  # type: ignore[misc]

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if is_restored(request):
            raise PermissionDenied  # a form that would let a draft pass as if it had been sent
        return super().save_form(request, form, change)  # type: ignore[misc]

    def _fill_in(self, request: HttpRequest) -> None:
        content = asked_for_draft(request)
        if content is not None:
            fill_in(request, content)


def draft_context(request: HttpRequest, context: Any, row: Any) -> dict[str, Any]:
    """For the template of a form that may be written: `draft` to offer or restored, `keeps_draft`."""
    if is_restored(request):
        # Nothing was sent: what a field lacks it says by itself, and the notice says where all this is from.
        context["errors"] = None
    return {"draft": offer(request, getattr(row, "changed_seq", None)), "keeps_draft": True}


def fill_in(request: HttpRequest, content: DraftContent) -> None:
    """Let the admin's own view draw the form as if this had been sent; `ScopedForm` never lets it pass."""
    request.restored_draft = content  # type: ignore[attr-defined]
    request.method = "POST"
    request.POST = as_data(content)  # type: ignore[assignment]
    request._files = MultiValueDict()  # type: ignore[attr-defined]


def is_restored(request: HttpRequest) -> bool:
    """Whether what the form holds is a draft, which is shown and not saved."""
    return hasattr(request, "restored_draft")


def offer(request: HttpRequest, changed_seq: int | None = None) -> DraftOffer | None:
    """This form's draft, for its page. `changed_seq`: the row's state now."""
    if not request.user.is_authenticated or (request.method == "POST" and not is_restored(request)):
        return None
    draft = FormDraft.objects.of(request.user, request.get_full_path(), timezone.now())
    content = None if draft is None else draft.content()
    if draft is None or content is None:
        return None
    words = request.GET.copy()
    words[RESTORE] = "1"
    return DraftOffer(
        saved_at=draft.saved_at,
        restore_url=f"{request.path}?{words.urlencode()}",
        address=request.get_full_path(),
        is_restored=is_restored(request) or RESTORE in request.GET,
        has_moved_on=None not in (draft.seen_seq, changed_seq) and draft.seen_seq != changed_seq,
        files=content.files,
        secrets=content.secrets,
    )
