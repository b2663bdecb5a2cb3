"""/api/staff/v1/supervision/: late and at-risk sites with why, their counts, and their map tiles."""

from typing import ClassVar

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_noop

from maps.tiles import TileError, TileId
from projects.api.latefeatures import late_site
from projects.api.staff import Refused, StaffView, private_json
from projects.models import Site
from projects.permissions.access import Permission, holds
from projects.readmodels.clocks import as_text
from projects.readmodels.latefacets import late_facets
from projects.readmodels.latequeries import (
    LIST_WORDS,
    Found,
    LateQuery,
    NoProgrammeError,
    find_late,
    late_page,
    read_late_query,
    read_paging,
)
from projects.readmodels.laterows import late_rows
from projects.readmodels.latetiles import late_tile
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import FilterError

MAX_ZOOM = 22


class LateView(StaffView):
    """Reads the words of the desk; whoever sees no internal site is refused."""

    own_words: ClassVar[frozenset[str]] = frozenset()

    held: Snapshot

    def found(self, request: HttpRequest) -> Found:
        """Raises FilterError."""
        return find_late(self.asked(request), self.access, self.held)

    def asked(self, request: HttpRequest) -> LateQuery:
        if not holds(self.access, Permission.SITE_VIEW_INTERNAL):
            raise Refused(403, gettext_noop("您没有权限。"))
        self.held = snapshot(fresh=True)
        try:
            return read_late_query(request.GET, self.held, others=self.own_words)
        except NoProgrammeError as error:
            raise Http404 from error


class LateSites(LateView):
    """Pages of sites, each with its explanation; `next` leads on."""

    own_words: ClassVar = LIST_WORDS

    def get(self, request: HttpRequest) -> HttpResponse:
        found = self.found(request)
        page = late_page(found, read_paging(request.GET, limit=100, most=200))
        rows = late_rows(page.places.tolist(), found, self.access, self.held)
        following = None
        if page.older is not None:
            words = request.GET.copy()
            words["after"] = page.older
            words.pop("before", None)
            following = f"{request.path}?{words.urlencode()}"
        return _answer(
            {
                **_about(found.query),
                "total": page.total,
                "sites": [late_site(row) for row in rows],
                "next": following,
            }
        )


class LateSite(LateView):
    """One site that is late or at risk. 404 for any other and for one that is not theirs to see, alike."""

    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        found = self.found(request)
        pk = Site.objects.visible_to(self.access).filter(public_id=public_id).values_list("pk", flat=True)
        places = [n for n in (found.board.ids == (pk.first() or 0)).nonzero()[0].tolist() if found.passing[n]]
        rows = late_rows(places, found, self.access, self.held)
        if not rows:
            raise Http404
        return _answer({**_about(found.query), "site": late_site(rows[0])})


class LateFacets(LateView):
    """Counts by every word, each under the other words."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = self.found(request)
        counts = late_facets(found, self.held)
        return _answer({**_about(found.query), "total": counts.total, **counts.by})


class LateTile(LateView):
    """Clusters (below zoom 15) or points of what the words find."""

    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
        try:
            tile = TileId(z, x, y)
            if z > MAX_ZOOM:
                raise FilterError("z", gettext_noop("缩放级别 z 须在 0 到 %(most)d 之间。"), most=MAX_ZOOM)
        except TileError as problem:
            raise Refused.saying(400, problem.args[0]) from problem
        return _answer(late_tile(self.found(request), tile, self.held))


def _about(query: LateQuery) -> dict[str, object]:
    moment = query.clocks.known_at
    return {
        "programme": query.programme.key,
        "as_of": query.clocks.as_of.isoformat(),
        "known_at": as_text(moment) if moment else None,
        "due": query.due,
    }


def _answer(body: dict[str, object]) -> HttpResponse:
    return private_json(orjson.dumps(body).decode(), status=200)
