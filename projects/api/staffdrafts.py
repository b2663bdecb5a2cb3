"""/api/staff/v1/drafts/: what stands in a half-filled form, kept by its page. One's own and nobody else's."""

import json
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext_noop

from projects.actions.formdrafts import TooSoon, forget_draft, save_draft
from projects.api.staff import Refused, StaffView, private_json
from projects.models import FormDraft, User
from projects.models.formdrafts import DraftContent
from projects.rules.drafts import MOST_BYTES, RESTORE, DraftTooLarge, form_address, kept_fields, left_out

_NOT_KEPT = gettext_noop("这个页面不保留草稿。")


class DraftStore(StaffView):
    """GET `?address=`: the draft of that form, and a token for the page. POST: keep it, or `discard` it.

    None of this is activity: a page that is left open keeps no log-in alive.
    """

    body_most = 2 * MOST_BYTES

    def get(self, request: HttpRequest) -> HttpResponse:
        address = _known(request.GET.get("address", ""))
        draft = FormDraft.objects.of(cast(User, request.user), address, timezone.now())
        content = None if draft is None else draft.content()
        body: dict[str, Any] = {"user": request.user.pk, "token": get_token(request), "draft": None}
        if draft is not None and content is not None:
            body["draft"] = {
                "saved_at": timezone.localtime(draft.saved_at).isoformat(timespec="seconds"),
                "fields": content.fields,
                "files": content.files,
                "seen_seq": draft.seen_seq,
                "restore": f"{address}{'&' if '?' in address else '?'}{RESTORE}=1",
            }
        return private_json(json.dumps(body, ensure_ascii=False), status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        body = _body(request)
        user = cast(User, request.user)
        address = _known(body.get("address"))
        if body.get("discard") is True:
            forget_draft(user=user, address=address)
            return private_json("{}", status=200)
        pairs = _pairs(body.get("fields"))
        try:
            fields = kept_fields(pairs)
        except DraftTooLarge:
            raise Refused(413, gettext_noop("内容太多,草稿没有保存;请先保存表单。")) from None
        content = DraftContent(
            fields, tuple(_texts(body.get("files"))), left_out(name for name, _value in pairs)
        )
        now = timezone.now()
        try:
            save_draft(
                user=user, address=address, content=content, now=now, leaving=body.get("leaving") is True
            )
        except TooSoon as wait:
            raise Refused(
                429, gettext_noop("草稿刚刚存过,%(seconds)d 秒后再存。"), seconds=wait.seconds
            ) from None
        saved = timezone.localtime(now).isoformat(timespec="seconds")
        return private_json(json.dumps({"saved_at": saved}), status=200)


def _known(address: object) -> str:
    known = form_address(address) if isinstance(address, str) else None
    if known is None:
        raise Refused(400, _NOT_KEPT)
    return known


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, gettext_noop("内容不是 JSON 对象。"))
    return body


def _pairs(given: object) -> list[tuple[str, str]]:
    """`[[name, value], ...]` in the form's order."""
    rows = given if isinstance(given, list) else [None]
    pairs = []
    for row in rows:
        if not (isinstance(row, list) and len(row) == 2 and all(isinstance(part, str) for part in row)):
            raise Refused(400, gettext_noop("fields 应为 [[名称, 值], …],名称和值都是文字。"))
        pairs.append((_whole(row[0]), _whole(row[1])))
    return pairs


def _whole(text: str) -> str:
    """JSON may hold half a character, which no page can show again."""
    return text.encode("utf-8", "replace").decode()


def _texts(given: object) -> list[str]:
    return (
        [_whole(text[:200]) for text in given if isinstance(text, str)][:20]
        if isinstance(given, list)
        else []
    )
