"""/healthz: can this process answer? For load balancers and for script/server."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse


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
