"""Files that people handed in, handed out again: as they are, to be saved, never to be shown by a browser."""

from django.http import FileResponse, Http404

from projects.models import storedfiles


def attachment(sha256: str, name: str) -> FileResponse:
    """The stored file. Http404 when it lies there no more.

    Octets under their own name: whatever is in the file, a browser neither runs nor shows it.
    """
    try:
        file = storedfiles.open_file(sha256)
    except (FileNotFoundError, ValueError) as problem:
        raise Http404 from problem
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
