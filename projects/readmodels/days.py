"""The day that a programme's figures are asked for."""

import datetime as dt

from django.utils.translation import gettext_noop

from projects.readmodels.sitequeries import FilterError, Query, parse_day, single
from projects.readmodels.vocabulary import ProgrammeWords


def asked_day(query: Query, programme: ProgrammeWords) -> dt.date:
    """`as_of` of a query string, by default the programme's cut-off.

    Raises FilterError for what is no date and for a day outside the programme's period, which it has nothing
    to say about.
    """
    # A form whose date was cleared asks for the default.
    if not (single(query, "as_of") or "").strip():
        return programme.cutoff
    day = parse_day(query, "as_of")
    assert day is not None
    if not programme.period_start <= day <= programme.period_end:
        raise FilterError(
            "as_of",
            gettext_noop("截至日期 %(day)s 不在本年度之内,请选 %(start)s 至 %(end)s 之间的日期。"),
            day=day.isoformat(),
            start=programme.period_start.isoformat(),
            end=programme.period_end.isoformat(),
        )
    return day
