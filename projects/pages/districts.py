# TEMPORARY (lead): so that the others can start Django; the districts author replaces this file.
from django.http import HttpRequest, HttpResponse


def districts_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


def district_page(request: HttpRequest, code: str) -> HttpResponse:
    return HttpResponse(status=501)
