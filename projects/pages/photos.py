"""Pictures of published sites, by the hash of what is shown. Never an original."""

from django.http import Http404, HttpRequest, HttpResponse

from projects.models import storedfiles
from projects.pages.caching import public_page
from projects.readmodels.photos import is_public_picture


@public_page
def public_photo(request: HttpRequest, digest: str) -> HttpResponse:
    """A re-encoded picture that was decided to be public. Kept as shortly as a page: it may be taken back."""
    if not storedfiles.is_digest(digest) or not is_public_picture(digest):
        raise Http404
    try:
        with storedfiles.open_file(digest) as file:
            data = file.read()
    except FileNotFoundError as problem:
        raise Http404 from problem
    return HttpResponse(data, content_type="image/jpeg")
