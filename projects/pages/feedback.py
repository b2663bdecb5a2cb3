"""The form for feedback on a published site, and what became of one, by its reference. No cookie."""

from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from projects.actions.feedback import FeedbackDraft, TooMuch, send_feedback
from projects.models import Feedback, Site
from projects.models.choices import FEEDBACK_KINDS
from projects.pages.caching import private
from projects.pages.context import is_large, keep_view
from projects.pages.feedbackguard import is_too_much, new_token, opened
from projects.rules.feedback import LONGEST_CONTACT, LONGEST_TEXT, QUICKEST, plain_text
from projects.rules.vocabulary import FeedbackKind, FeedbackState

#: Bytes: more than the longest text takes, and little enough to be read for anybody.
_MOST_BYTES: Final = 64 * 1024


class _PlainField(forms.CharField):
    """Counts a line end as one character, as the browser's `maxlength` does."""

    def to_python(self, value: Any) -> str:
        return plain_text(super().to_python(value) or "")


class FeedbackForm(forms.Form):
    kind = forms.ChoiceField(
        choices=FEEDBACK_KINDS,
        error_messages={
            "required": gettext_lazy("请选择一项。"),
            "invalid_choice": gettext_lazy("请选择一项。"),
        },
    )
    text = _PlainField(
        max_length=LONGEST_TEXT,
        error_messages={
            "required": gettext_lazy("请写下您发现的问题。"),
            "max_length": gettext_lazy("最多 %(limit_value)d 个字,现在有 %(show_value)d 个。"),
        },
    )
    contact = _PlainField(
        max_length=LONGEST_CONTACT,
        required=False,
        error_messages={"max_length": gettext_lazy("最多 %(limit_value)d 个字,现在有 %(show_value)d 个。")},
    )


@csrf_exempt  # The signed token stands for it: see docs/decisions/0041-feedback.md.
@sensitive_post_parameters("text", "contact")
def feedback_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """The form, and what is sent with it. Only for published sites; all others are not found, alike."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    site = _site(public_id)
    if request.method != "POST":
        return _form(request, site, FeedbackForm(), new_token(public_id))
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDenied
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length[:9]) > _MOST_BYTES:
        raise RequestDataTooBig
    return _received(request, site)


def sent_page(request: HttpRequest, public_id: str, reference: str) -> HttpResponse:
    """How a message stands, and its answer, for who has the reference. What was sent is not shown again."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    site = _site(public_id)
    row = Feedback.objects.filter(site=site, reference=reference).defer("text", "contact").first()
    if row is None:
        raise Http404
    context = {
        "site": site,
        "reference": row.reference,
        "sent_on": row.sent_at,
        "is_waiting": row.state == FeedbackState.WAITING,
        "answer": row.answer,
        "answered_on": row.answered_at,
        "crumbs": _crumbs(request, site, _("反馈问题")),
    }
    return _unkept(render(request, "projects/feedback-sent.html", context))


def _received(request: HttpRequest, site: Site) -> HttpResponse:
    token = request.POST.get("token", "")
    form = FeedbackForm(request.POST)
    found = opened(token, site.public_id)
    if found is None:
        problem = _("这一页打开得太久了,还没有发送。请看一遍,再点一次“发送”。")
        return _form(request, site, form, new_token(site.public_id), problem)
    where = HttpResponseRedirect(
        keep_view(reverse("feedback-sent", args=[site.public_id, found.reference]), is_large(request))
    )
    if Feedback.objects.filter(site=site, reference=found.reference).exists():
        return _unkept(where)
    if request.POST.get("website", ""):
        problem = _("没有发送:有一栏应当留空,却填了内容。已替您清空,请再点一次“发送”。")
        return _form(request, site, form, token, problem)
    if found.seconds < QUICKEST:
        return _form(request, site, form, token, _("还没有发送。请看一遍,再点一次“发送”。"))
    if not form.is_valid():
        return _form(request, site, form, token)
    if is_too_much(request):
        problem = _("从您的网络发来的反馈太多了。没有发送,请一小时后再试。")
        return _form(request, site, form, token, problem, status=429)
    draft = FeedbackDraft(
        kind=FeedbackKind(form.cleaned_data["kind"]),
        text=form.cleaned_data["text"],
        contact=form.cleaned_data["contact"],
        language="en" if _is_english() else "zh-hans",
        reference=found.reference,
    )
    try:
        row = send_feedback(public_id=site.public_id, draft=draft)
    except TooMuch as refused:
        return _form(request, site, form, token, str(refused), status=429)
    if row is None:
        raise Http404
    return _unkept(where)


def _form(
    request: HttpRequest, site: Site, form: FeedbackForm, token: str, problem: str = "", status: int = 400
) -> HttpResponse:
    """The page with the form; after a refusal with what was typed, and why."""
    context = {
        "site": site,
        "form": form,
        "token": token,
        "problem": problem,
        "most": LONGEST_TEXT,
        "most_contact": LONGEST_CONTACT,
        "crumbs": _crumbs(request, site, _("反馈问题")),
    }
    is_refused = bool(problem) or (form.is_bound and not form.is_valid())
    response = render(request, "projects/feedback.html", context, status=status if is_refused else 200)
    if status == 429 and is_refused:
        response["Retry-After"] = "3600"
    return _unkept(response)


def _site(public_id: str) -> Site:
    site = Site.objects.public().filter(public_id=public_id).only("public_id", "name").first()
    if site is None:
        raise Http404
    return site


def _crumbs(request: HttpRequest, site: Site, here: str) -> list[tuple[str, str]]:
    return [(_("地图"), reverse("map")), (site.name, reverse("site", args=[site.public_id])), (here, "")]


def _is_english() -> bool:
    return (translation.get_language() or "").startswith("en")


def _unkept(response: HttpResponse) -> HttpResponse:
    """Neither a cache nor a search engine keeps it."""
    response["X-Robots-Tag"] = "noindex"
    return private(response)
