"""“未保存的内容”: everything that somebody has typed and not saved, and throwing it away."""

from typing import TYPE_CHECKING, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.formdrafts import forget_draft
from projects.admin.signin import next_address
from projects.models import FormDraft, User
from projects.rules.drafts import RESTORE

if TYPE_CHECKING:
    from projects.admin.staffsite import StaffSite

_ADDRESS: Final = "draft_address"


def discard_view(request: HttpRequest) -> HttpResponse:
    """Throw a draft away and show the form as it is stored."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    address = request.POST.get(_ADDRESS, "")
    forget_draft(user=cast(User, request.user), address=address)
    messages.success(request, _("草稿已丢弃。"))
    if request.POST.get("back") == "drafts":
        return HttpResponseRedirect(reverse("admin:drafts"))
    path, _question, query = next_address(request, address).partition("?")
    words = QueryDict(query, mutable=True)
    words.pop(RESTORE, None)
    return HttpResponseRedirect(f"{path}?{words.urlencode()}" if words else path)


def own_drafts(site: "StaffSite", request: HttpRequest) -> HttpResponse:
    """Everything that one has typed and not saved, readable without the form, too."""
    user = cast(User, request.user)
    rows = []
    for draft in FormDraft.objects.alive(timezone.now()).filter(user=user).order_by("-saved_at"):
        content = draft.content()
        if content is not None:
            joint = "&" if "?" in draft.address else "?"
            shown = [(name, value) for name, value in content.fields if value]
            restore = f"{draft.address}{joint}{RESTORE}=1"
            rows.append((draft, _title(site, request, draft.address), restore, shown, content))
    context = {**site.each_context(request), "title": _("未保存的内容"), "rows": rows}
    return TemplateResponse(request, "admin/drafts.html", context)


def _title(site: "StaffSite", request: HttpRequest, address: str) -> str:
    """Which form it is, in words: the kind of row, and the row where it is still this person's to see."""
    try:
        found = resolve(address.partition("?")[0])
    except Resolver404:
        return _("表单")
    app, _sign, rest = (found.url_name or "").partition("_")
    for model, page in site._registry.items():
        if app == model._meta.app_label and rest.partition("_")[0] == model._meta.model_name:
            kind = str(model._meta.verbose_name)
            object_id = found.kwargs.get("object_id")
            row = None if object_id is None else page.get_object(request, str(object_id))
            return kind if row is None else f"{kind}:{row}"
    return _("表单")
