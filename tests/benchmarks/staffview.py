"""What a member of staff would be answered this very moment, and by which worker process."""

import os

from django.http import HttpRequest, JsonResponse

from projects.readmodels.facets import facets
from projects.readmodels.sitequeries import STAFF_WORDS, parse_filters


def pid(request: HttpRequest) -> JsonResponse:
    """Which worker process answers on this connection."""
    return JsonResponse({"pid": os.getpid()})


def services(request: HttpRequest) -> JsonResponse:
    """Sites by service state for the filter of the query string, as staff see them.

    Without a log-in: this address exists in the benchmark's settings alone.
    """
    wanted = parse_filters(request.GET, allowed=STAFF_WORDS)
    return JsonResponse({"service": dict(facets(wanted, staff=True).by["service"])})
