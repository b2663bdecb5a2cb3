"""Every refusal of the API, as application/problem+json (RFC 9457), in both languages."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, TooManyFieldsSent
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext, gettext_noop, override
from rest_framework.exceptions import APIException

from maps.sentence import Sentence
from projects.readmodels.sitequeries import FilterError

logger = logging.getLogger(__name__)


def problem(
    status: int, template: str, params: Mapping[str, object] | None = None, *, parameter: str = ""
) -> HttpResponse:
    """A refusal. `template` is a zh-hans msgid; `parameter` names the query word that is to blame."""
    body: dict[str, object] = {
        "type": "about:blank",
        "status": status,
        "title": HttpResponse(status=status).reason_phrase,
    }
    for key, language in (("detail", "zh-hans"), ("detail_en", "en")):
        with override(language):
            text = gettext(template)
            body[key] = text % _said(params) if params else text
    if parameter:
        body["parameter"] = parameter
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )
    response["Cache-Control"] = "no-store"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _said(params: Mapping[str, object]) -> dict[str, object]:
    """The values, those that are sentences in the language that is active."""
    return {
        name: value.translated(gettext) if isinstance(value, Sentence) else value
        for name, value in params.items()
    }


def problem_response(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. What is nobody's mistake but ours goes on to the log and the 500 page."""
    if isinstance(error, FilterError):
        return problem(400, error.template, error.params, parameter=error.parameter)
    if isinstance(error, TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        return problem(400, gettext_noop("地址里的参数超过 %(most)d 个;请减少筛选条件。"), {"most": most})
    if isinstance(error, Http404):
        return problem(404, gettext_noop("没有这个地址,或它未公开。"))
    if isinstance(error, PermissionDenied):
        return problem(403, gettext_noop("您没有权限。"))
    if isinstance(error, OperationalError):
        logger.warning("the database did not answer", exc_info=error)
        return problem(503, gettext_noop("系统正忙,请稍后再试。"))
    if isinstance(error, APIException):
        if error.status_code == 405:
            return problem(405, gettext_noop("这个地址只能读取(GET)。"))
        with override("en"):
            why = str(type(error).default_detail)
        return problem(error.status_code, gettext_noop("请求有误:%(why)s"), {"why": why})
    return None
