"""The filter words of pages and API, read strictly: an unknown word or value is refused by name."""

import datetime as dt
import math
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.utils.translation import gettext, gettext_noop

from maps.tiles import BBox, BBoxError
from projects.readmodels.areas import area_names
from projects.readmodels.siteindex import snapshot
from projects.readmodels.vocabulary import Vocabulary
from projects.rules.vocabulary import Light, Publication, Service, Stage

#: Words that anybody may filter by.
PUBLIC_WORDS: Final = frozenset(
    {
        "kind",
        "category",
        "indicator",
        "project",
        "programme",
        "department",
        "division",
        "stage",
        "service",
        "light",
        "area",
        "q",
        "bbox",
    }
)
STAFF_WORDS: Final = PUBLIC_WORDS | {"publication", "managed_by"}

#: Repeated values of one word; more than the longest sensible list is a mistake or an attack.
MAX_VALUES: Final = 100
MAX_LENGTH: Final = 8_000
MAX_QUERY: Final = 60
#: Stored areas in one filter: each costs a look at all its border when the index meets it first.
MAX_AREAS: Final = 10
_LONGEST_AREA_ID: Final = 20

_STAGES, _SERVICES, _LIGHTS = frozenset(Stage), frozenset(Service), frozenset(Light)
_PUBLICATIONS = frozenset(Publication)
_NONE: Final[frozenset[str]] = frozenset()


class Query(Protocol):
    """What a query string looks like here: Django's QueryDict, or a test's."""

    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, key: object) -> bool: ...
    def getlist(self, key: str) -> list[str]: ...


class FilterError(ValueError):
    """A query word that cannot be followed; `parameter` names it, the sentence says what is allowed.

    `template` is a zh-hans msgid; `params` fill it.
    """

    def __init__(self, parameter: str, template: str, **params: object) -> None:
        self.parameter = parameter
        self.template = template
        self.params = params
        super().__init__(template % params if params else template)

    def message(self) -> str:
        """The sentence in the language that is active."""
        text = gettext(self.template)
        return text % self.params if self.params else text


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """What to look for. Empty sets do not restrict; values within one set are alternatives."""

    kinds: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    indicators: frozenset[str] = frozenset()
    projects: frozenset[int] = frozenset()
    programmes: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    divisions: frozenset[str] = frozenset()
    stages: frozenset[Stage] = frozenset()
    services: frozenset[Service] = frozenset()
    lights: frozenset[Light] = frozenset()
    publications: frozenset[Publication] = frozenset()
    managers: frozenset[str] = frozenset()
    #: Public ids of stored areas.
    areas: frozenset[str] = frozenset()
    q: str = ""
    bbox: BBox | None = None
    #: Words of the query string that this came from, for links and messages.
    words: Mapping[str, Sequence[str]] = field(default_factory=dict, compare=False)


def check_words(query: Query, allowed: Collection[str]) -> None:
    """Raises FilterError for a word that this address does not know."""
    for word in query:
        if word not in allowed:
            raise FilterError(
                word[:60],
                gettext_noop("没有名为“%(word)s”的参数;可用的有:%(allowed)s。"),
                word=word[:60],
                allowed=", ".join(sorted(allowed)),
            )


def parse_filters(
    query: Query,
    *,
    allowed: Collection[str] = PUBLIC_WORDS,
    others: Collection[str] = (),
    vocabulary: Vocabulary | None = None,
) -> SiteFilter:
    """Read the filter words of a query string.

    `allowed`: the filter words of this address; `others`: its further words, which somebody else reads.
    Only somebody who may filter by publication sees unpublished programmes. Raises FilterError for any other
    word, a value that does not exist, a bbox that is none, too many values.
    """
    check_words(query, {*allowed, *others})
    vocabulary = vocabulary or snapshot().vocabulary
    words = vocabulary.staff_filter_words if "publication" in allowed else vocabulary.filter_words
    given = {word: values_of(query, word) for word in query if word in allowed}
    return SiteFilter(
        kinds=_known(given, "kind", words.kinds),
        categories=_known(given, "category", words.categories),
        indicators=_known(given, "indicator", words.indicators),
        projects=frozenset(map(int, _known(given, "project", words.projects))),
        programmes=_known(given, "programme", words.programmes),
        departments=_known(given, "department", words.departments),
        divisions=_known(given, "division", words.divisions),
        stages=frozenset(map(Stage, _known(given, "stage", _STAGES))),
        services=frozenset(map(Service, _known(given, "service", _SERVICES))),
        lights=frozenset(map(Light, _known(given, "light", _LIGHTS))),
        publications=frozenset(map(Publication, _known(given, "publication", _PUBLICATIONS))),
        managers=_known(given, "managed_by", words.divisions),
        areas=_stored_areas(given),
        q=_search_text(given),
        bbox=_bbox(given),
        words=given,
    )


def single(query: Query, word: str) -> str | None:
    """The value of a word that may stand once. Raises FilterError when it is repeated."""
    values = query.getlist(word) if word in query else []
    if len(values) > 1:
        raise FilterError(word, gettext_noop("参数“%(word)s”只能出现一次。"), word=word)
    return values[0] if values else None


def parse_whole(query: Query, word: str, *, default: int, low: int, high: int) -> int:
    """A whole number in a range. Raises FilterError."""
    text = single(query, word)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and low <= int(text) <= high):
        raise FilterError(
            word,
            gettext_noop("参数“%(word)s”须是 %(low)d 到 %(high)d 之间的整数。"),
            word=word,
            low=low,
            high=high,
        )
    return int(text)


def parse_degrees(query: Query, word: str, *, limit: float) -> float:
    """A required finite number of degrees within -limit..limit. Raises FilterError."""
    text = single(query, word)
    if text is None or not text.strip():
        raise FilterError(word, gettext_noop("缺少参数“%(word)s”(WGS-84,度)。"), word=word)
    try:
        value = float(unicodedata.normalize("NFKC", text[:40]))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and abs(value) <= limit):
        raise FilterError(
            word,
            gettext_noop("参数“%(word)s”须是 -%(limit)d 到 %(limit)d 之间的度数(WGS-84)。"),
            word=word,
            limit=int(limit),
        )
    return value


def parse_day(query: Query, word: str) -> dt.date | None:
    """An ISO date. Raises FilterError."""
    text = single(query, word)
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise FilterError(word, gettext_noop("参数“%(word)s”须是日期,例如 2024-06-30。"), word=word) from None


def values_of(query: Query, word: str) -> tuple[str, ...]:
    """The values of a word, repeated or comma-separated, each once. Raises FilterError for too many."""
    if word in {"q", "bbox"}:
        text = single(query, word)
        return () if text is None or not text.strip() else (text,)
    given = query.getlist(word)
    # Counted before anything is split: ten thousand values cost nothing but the refusal.
    values = (
        []
        if sum(map(len, given)) > MAX_LENGTH
        else [part.strip() for text in given for part in text.split(",")]
    )
    values = [value for value in values if value]
    if len(values) > MAX_VALUES or (given and sum(map(len, given)) > MAX_LENGTH):
        raise FilterError(
            word, gettext_noop("参数“%(word)s”最多给 %(most)d 个值。"), word=word, most=MAX_VALUES
        )
    return tuple(dict.fromkeys(values))


def _known(given: Mapping[str, Sequence[str]], word: str, known: Collection[str]) -> frozenset[str]:
    values = given.get(word)
    if not values:
        return _NONE
    for value in values:
        if value not in known:
            raise FilterError(
                word,
                gettext_noop("参数“%(word)s”的值“%(value)s”不存在。"),
                word=word,
                value=value[:60],
            )
    return frozenset(values)


def _stored_areas(given: Mapping[str, Sequence[str]]) -> frozenset[str]:
    values = given.get("area", ())
    if len(values) > MAX_AREAS:
        raise FilterError(
            "area", gettext_noop("参数“%(word)s”最多给 %(most)d 个值。"), word="area", most=MAX_AREAS
        )
    # What cannot be an id is not asked of the database.
    asked = [value for value in values if len(value) <= _LONGEST_AREA_ID and value.isalnum()]
    return _known(given, "area", area_names(asked))


def _search_text(given: Mapping[str, Sequence[str]]) -> str:
    text = unicodedata.normalize("NFKC", "".join(given.get("q", ()))).strip()
    if "\x00" in text:
        raise FilterError("q", gettext_noop("搜索词里有不能识别的字符。"))
    if len(text) > MAX_QUERY:
        raise FilterError("q", gettext_noop("搜索词最长 %(most)d 个字。"), most=MAX_QUERY)
    return text


def _bbox(given: Mapping[str, Sequence[str]]) -> BBox | None:
    values = given.get("bbox", ())
    if not values:
        return None
    try:
        return BBox.parse(values[0][:200])
    except BBoxError as problem:
        sentence = problem.args[0]
        raise FilterError("bbox", sentence.template, **sentence.params) from problem
