"""Samples that anybody can draw again: no random numbers, only SHA-256 over a published seed.

The recipe, word for word (docs/decisions/0036):

1. The frame is the list of eligible sites, one line `district,kind,public id` each, sorted, each line ended
   by a line feed; its SHA-256 (UTF-8) is published with the draw.
2. A site's number is the SHA-256, in lower-case hex, of the UTF-8 text
   `programme|round|seed|public id`.
3. In each district the sites are put in the order of their numbers, smallest first. The first n are drawn:
   n = N x percent / 100, rounded up, at least the minimum, at most the maximum, never more than N.
4. Stratified by kind, n is divided among the district's kinds in proportion to their sites: whole parts
   first, then one each by the largest remainder (equal ones: by the kind's code); in each kind the first.

Nothing of one district enters another's draw.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from math import sqrt
from typing import Final, NamedTuple

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _

SEPARATOR: Final = "|"
_FORBIDDEN: Final = frozenset("|\r\n")
#: 95 %.
_Z: Final = 1.959964


class Framed(NamedTuple):
    """An eligible site: the code of its district, of its kind, its public id."""

    district: str
    kind: str
    public_id: str


class Ranked(NamedTuple):
    """A site of the frame with its number, its place in its stratum from 1, and whether it is drawn."""

    site: Framed
    digest: str
    rank: int
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides a draw besides the frame. RuleError for what would be no draw, or an ambiguous text."""

    programme: str
    name: str
    seed: str
    percent: Decimal
    minimum: int = 0
    maximum: int | None = None
    by_kind: bool = False

    def __post_init__(self) -> None:
        for text in (self.programme, self.name, self.seed):
            if not text.strip() or text != text.strip() or _FORBIDDEN & set(text):
                raise RuleError(
                    _("轮次名称和种子不能为空,前后不能有空格,不能含竖线或换行:{text}。"), text=repr(text)
                )
        if not (self.percent.is_finite() and 0 < self.percent <= 100):
            raise RuleError(_("抽样比例须大于 0、不超过 100,现为 {percent}。"), percent=self.percent)
        if self.minimum < 0 or (self.maximum is not None and not 1 <= self.maximum >= self.minimum):
            raise RuleError(_("每个区县的最少数和最多数不成立。"))

    def digest(self, public_id: str) -> str:
        """A site's number."""
        text = SEPARATOR.join((self.programme, self.name, self.seed, public_id))
        return hashlib.sha256(text.encode()).hexdigest()

    def size(self, count: int) -> int:
        """How many of a district's `count` sites are drawn."""
        wanted = int((count * self.percent / 100).to_integral_value(ROUND_CEILING))
        wanted = max(wanted, self.minimum)
        if self.maximum is not None:
            wanted = min(wanted, self.maximum)
        return min(wanted, count)


def frame_text(frame: Iterable[Framed]) -> str:
    """The frame as it is frozen. RuleError when a site is in it twice, or a code holds a comma."""
    lines = sorted(",".join(site) for site in frame)
    ids = {line.rsplit(",", 1)[-1] for line in lines}
    if len(ids) != len(lines) or any(line.count(",") != len(Framed._fields) - 1 for line in lines):
        raise RuleError(_("抽样框里有重复的点位或不能用的代码。"))
    return "".join(f"{line}\n" for line in lines)


def frame_hash(text: str) -> str:
    """SHA-256 of the frozen frame, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_frame(text: str) -> tuple[Framed, ...]:
    """The sites of a frozen frame. RuleError for a text that is none."""
    rows = [line.split(",") for line in text.splitlines()]
    if any(len(row) != len(Framed._fields) for row in rows):
        raise RuleError(_("抽样框已损坏。"))
    return tuple(Framed(*row) for row in rows)


def draw(frame: Iterable[Framed], recipe: Recipe) -> tuple[Ranked, ...]:
    """Every site of the frame with its number, by district, kind where stratified, and rank."""
    found: list[Ranked] = []
    districts: dict[str, list[Framed]] = {}
    for site in frame:
        districts.setdefault(site.district, []).append(site)
    for district in sorted(districts):
        sites = districts[district]
        total = recipe.size(len(sites))
        strata: dict[str, list[Framed]] = {}
        for site in sites:
            strata.setdefault(site.kind if recipe.by_kind else "", []).append(site)
        sizes = _divided(total, {kind: len(members) for kind, members in strata.items()})
        for kind in sorted(strata):
            ranked = sorted((recipe.digest(site.public_id), site) for site in strata[kind])
            found += [
                Ranked(site, digest, rank, rank <= sizes[kind])
                for rank, (digest, site) in enumerate(ranked, start=1)
            ]
    return tuple(found)


def sizes(counts: Mapping[str, int], recipe: Recipe) -> dict[str, int]:
    """How many are drawn of each district, by the number of its eligible sites: for a look beforehand."""
    return {district: recipe.size(count) for district, count in sorted(counts.items())}


def _divided(total: int, counts: Mapping[str, int]) -> dict[str, int]:
    """`total` among strata in proportion, by the largest remainder; no stratum beyond its own number."""
    whole = sum(counts.values())
    shares = {kind: divmod(total * count, whole) for kind, count in counts.items()}
    given = {kind: share for kind, (share, _remainder) in shares.items()}
    left = total - sum(given.values())
    for kind in sorted(counts, key=lambda kind: (-shares[kind][1], kind))[:left]:
        given[kind] += 1
    return given


class Interval(NamedTuple):
    """A share and its 95 % interval by Wilson's formula, in percent; None of nothing."""

    share: float
    low: float
    high: float


def wilson(failed: int, visited: int) -> Interval | None:
    """What a sample says of the whole: Wilson (1927), without continuity correction."""
    if visited <= 0:
        return None
    share = failed / visited
    spread = _Z * _Z / visited
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / visited + spread / (4 * visited)) / (1 + spread)
    return Interval(100 * share, 100 * max(0.0, middle - half), 100 * min(1.0, middle + half))


def differences(
    ranked: Sequence[Ranked], stored: Iterable[tuple[str, int, str]]
) -> tuple[frozenset[str], frozenset[str]]:
    """(drawn again but not stored, stored but not drawn again) by public id; `stored`: id, rank, number."""
    again = {(row.site.public_id, row.rank, row.digest) for row in ranked if row.is_drawn}
    kept = set(stored)
    return frozenset(row[0] for row in again - kept), frozenset(row[0] for row in kept - again)
