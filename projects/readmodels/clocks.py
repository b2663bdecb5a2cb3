"""The two clocks of a figure: the day that it is about, and what had been recorded when it was asked.

`as_of` is a civil date in Asia/Shanghai and means the end of that day. `known_at` is a moment; it is answered
by number (`known_seq`, the last change recorded by then), because the order of numbers is the order of
commits. The same pair gives the same answer for ever, whatever is corrected later.
"""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_noop

from projects.models import AuditEntry
from projects.readmodels.days import asked_day
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitequeries import FilterError, Query, single
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.period import CITY_ZONE

#: The entry under which a database that is older than its counted figures got them: what was known before
#: is not on record in a form that could be counted.
FILL = "figures.fill"

#: Query words of every page and answer of figures.
CLOCK_WORDS = frozenset({"as_of", "known_at"})


@dataclass(frozen=True, slots=True)
class Clocks:
    """`known_at` None: now. Then `known_seq` is None too, and everything recorded so far counts."""

    as_of: dt.date
    known_at: dt.datetime | None = None
    known_seq: int | None = None

    def is_current(self, held: Snapshot) -> bool:
        """Nothing that `held` knows was recorded later: maintained figures answer."""
        return self.known_seq is None or self.known_seq >= held.seq


def asked_clocks(query: Query, programme: ProgrammeWords) -> Clocks:
    """`as_of` (default: the programme's cut-off) and `known_at` (default: now) of a query string.

    Raises FilterError for what is no date or moment, for a day outside the programme's period, for a moment
    that is still to come (its answer could change), and for one before figures were kept by moment.
    """
    day = asked_day(query, programme)
    moment = asked_moment(query)
    if moment is None:
        return Clocks(day)
    known_seq = seq_at(moment)
    _refuse_unrecorded(known_seq)
    return Clocks(day, moment, known_seq)


def _refuse_unrecorded(known_seq: int) -> None:
    """Raises FilterError for a moment before the database kept what figures count."""
    filled = AuditEntry.objects.filter(subject_type="figures", action=FILL).order_by("seq")
    first = filled.values_list("seq", "recorded_at").first()
    if first is not None and known_seq < first[0]:
        raise FilterError(
            "known_at",
            gettext_noop("统计数字的录入历史自 %(moment)s 起保留,更早的时刻(known_at)无法回答。"),
            moment=first[1].astimezone(CITY_ZONE).isoformat(timespec="seconds"),
        )


def asked_moment(query: Query) -> dt.datetime | None:
    """`known_at`: ISO 8601 with its offset, or a date, which means the end of that day in Asia/Shanghai.

    A moment without an offset is one of the city's. None where it is missing or empty.
    """
    text = (single(query, "known_at") or "").strip()
    if not text:
        return None
    moment = _read_moment(text)
    if moment > timezone.now():
        raise FilterError(
            "known_at",
            gettext_noop(
                "known_at(%(text)s)还没有到:只能问已经过去的时刻,这样同样的问题永远得到同样的回答。"
            ),
            text=text[:40],
        )
    return moment


def seq_at(moment: dt.datetime) -> int:
    """The last change recorded by `moment`; 0 before the first."""
    rows = AuditEntry.objects.filter(recorded_at__lte=moment).order_by("-recorded_at", "-seq")
    return rows.values_list("seq", flat=True).first() or 0


def recorded_moment(held: Snapshot) -> dt.datetime | None:
    """When the newest change that `held` knows was recorded; None while nothing was.

    With it a page names the pair that gives its figures again.
    """
    if "recorded_moment" not in held.tables:
        rows = AuditEntry.objects.filter(seq=held.seq).values_list("recorded_at", flat=True)
        held.tables["recorded_moment"] = rows.first()
    moment: dt.datetime | None = held.tables["recorded_moment"]
    return moment


def as_text(moment: dt.datetime) -> str:
    """The moment as an address carries it: ISO 8601 in UTC, to the microsecond, read back unchanged."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _read_moment(text: str) -> dt.datetime:
    # A plus sign that was not escaped in an address arrives as a space.
    text = text.replace(" ", "+") if "T" in text else text
    try:
        if len(text) == 10:
            day = dt.date.fromisoformat(text) + dt.timedelta(days=1)
            return dt.datetime.combine(day, dt.time(), CITY_ZONE) - dt.timedelta(microseconds=1)
        if "T" not in text:
            raise ValueError(text)
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=CITY_ZONE)
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise FilterError(
            "known_at",
            gettext_noop("参数“known_at”须是时刻或日期,例如 2024-07-15T12:00:00+08:00 或 2024-07-15。"),
        ) from None
