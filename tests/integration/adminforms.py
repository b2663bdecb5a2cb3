"""Reading a page's form as a browser does, so that a test posts what a person would."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client

from projects.models import Site, User


class _Form(HTMLParser):
    """Collects the successful controls of the form with the given id (or of the last one, without)."""

    def __init__(self, form_id: str | None) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._wanted = form_id
        self._inside = False
        self._select: str | None = None
        self._first_option: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = (
                found.get("id") == self._wanted if self._wanted else found.get("id") != "logout-form"
            )
        if not self._inside:
            return
        name = found.get("name", "")
        if tag == "input" and name and found.get("type") not in ("submit", "button"):
            if found.get("type") in ("checkbox", "radio"):
                if "checked" in found:
                    self.values[name] = found.get("value", "on")
            else:
                self.values[name] = found.get("value", "")
        elif tag == "select":
            self._select, self._first_option = name, None
        elif tag == "option" and self._select:
            if self._first_option is None:
                self._first_option = found.get("value", "")
            if "selected" in found:
                self.values[self._select] = found.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "select" and self._select:
            self.values.setdefault(self._select, self._first_option or "")
            self._select = None
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self.values[self._textarea] += data.lstrip("\n") if not self.values[self._textarea] else data


def form_of(html: str, form_id: str | None = None) -> dict[str, str]:
    """Names and values that the browser would send if nothing were typed."""
    parser = _Form(form_id)
    parser.feed(html)
    parser.values.pop("csrfmiddlewaretoken", None)
    return parser.values


def fetch_form(client: Client, url: str, form_id: str | None = None) -> dict[str, str]:
    """GET the page and read its form."""
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return form_of(response.content.decode(), form_id)


LIST = "/admin/projects/site/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def edit_url(site: Site) -> str:
    return f"{LIST}{site.pk}/change/"


def opened(client: Client, site: Site) -> dict[str, str]:
    """The form as it stands on the page."""
    return {**fetch_form(client, edit_url(site), "site_form"), "_save": "1"}


def new_site(client: Client, kind: str = "meal-point", **typed: str) -> dict[str, str]:
    return {
        **fetch_form(client, f"{LIST}add/?kind_slug={kind}", "site_form"),
        "code": "NEW-1",
        "name": "新点位",
        "stage": "building",
        "_save": "1",
        **typed,
    }


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)
