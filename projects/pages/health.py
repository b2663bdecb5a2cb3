"""/healthz for load balancers and script/server; /robots.txt for search engines."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may read the pages, not the staff's side; tiles and filters are no pages."""
    return HttpResponse(
        "User-agent: *\nDisallow: /admin/\nDisallow: /en/admin/\nDisallow: /api/\n", content_type="text/plain"
    )


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, else 503. Says nothing that an attacker could use."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        good = True
    except DatabaseError:
        good = False
    response = JsonResponse({"status": "ok" if good else "unavailable"}, status=200 if good else 503)
    response["Cache-Control"] = "no-store"
    return response
