"""A word of an address that cannot be followed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.readmodels.sitequeries import FilterError


def refused(request: HttpRequest, error: FilterError) -> HttpResponse:
    """One sentence that says which word, and what is allowed."""
    context = {"sentence": error.message(), "status": 400}
    return render(request, "error.html", context, status=400)
