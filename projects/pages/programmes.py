# TEMPORARY (lead): so that the others can start Django; the districts author replaces this file.
from django.http import HttpRequest, HttpResponse


def programmes_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=501)


def programme_page(request: HttpRequest, key: str) -> HttpResponse:
    return HttpResponse(status=501)
