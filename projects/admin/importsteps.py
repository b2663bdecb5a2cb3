"""What every page of an import shows: the five steps, its addresses, its state in words, the file field."""

from typing import Any, Final

from django.contrib.admin import site as admin_site
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.exchange.readers import MAX_MEGABYTES
from projects.exchange.stagedwork import was_cut_off
from projects.models import StagedImport
from projects.rules.vocabulary import StagedState

_MEGABYTE: Final = 1024 * 1024
STEPS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("upload", gettext_lazy("上传")),
    ("options", gettext_lazy("说明怎样读")),
    ("check", gettext_lazy("检查")),
    ("preview", gettext_lazy("看要改什么")),
    ("done", gettext_lazy("写入")),
)


def most_bytes() -> int:
    """The largest file that is taken."""
    return MAX_MEGABYTES * _MEGABYTE


def address(staged: StagedImport, name: str) -> str:
    """One of the addresses of an import: change (the step that it is at), options, check, apply ..."""
    return reverse(f"admin:projects_stagedimport_{name}", args=[staged.pk])


def list_address() -> str:
    return reverse("admin:projects_stagedimport_changelist")


def template_address() -> str:
    """Where an empty table is found; an empty text where this installation has none."""
    try:
        return reverse("admin:projects_site_template")
    except NoReverseMatch:
        return ""


def upload_words(upload_url: str) -> dict[str, Any]:
    """What the file field says."""
    return {
        "upload_url": upload_url,
        "template_url": template_address(),
        "most_bytes": str(most_bytes()),
        "most_megabytes": MAX_MEGABYTES,
        "too_large_words": too_large_words(),
    }


def too_large_words() -> str:
    return _("文件超过 %(most)d MB,没有上传。请删去不用的列和工作表,或分成几个文件。") % {
        "most": MAX_MEGABYTES
    }


def page(request: HttpRequest, staged: StagedImport | None, step: str, title: str) -> dict[str, Any]:
    """The context that all pages share."""
    names = [name for name, _label in STEPS]
    here = names.index(step)
    return {
        **admin_site.each_context(request),
        "title": title,
        "opts": StagedImport._meta,
        "staged": staged,
        "list_url": list_address(),
        "steps": [
            {"label": label, "current": index == here, "done": index < here}
            for index, (_name, label) in enumerate(STEPS)
        ],
    }


def state_words(staged: StagedImport) -> str:
    """How far it is, and what is to be done next."""
    match staged.state:
        case StagedState.UPLOADED:
            return _("待说明怎样读") if not staged.options.get("importing") else _("待检查")
        case StagedState.CHECKING | StagedState.APPLYING if was_cut_off(staged):
            return _("中断了,请重新开始")
        case StagedState.CHECKED if staged.needs_check:
            return _("须重新检查")
        case StagedState.CHECKED if staged.errors:
            return _("有 %(count)d 个错误,待改正") % {"count": staged.errors}
        case StagedState.CHECKED if staged.can_apply:
            return _("检查通过,待写入")
        case StagedState.CHECKED:
            return _("与系统相同,不用写入")
        case StagedState.APPLIED:
            undone = staged.batch is not None and staged.batch.undone_by.all()
            text = _("已写入(第 %(batch)d 批),后来撤销") if undone else _("已写入(第 %(batch)d 批)")
            return text % {"batch": staged.batch_id or 0}
    return str(staged.get_state_display())
