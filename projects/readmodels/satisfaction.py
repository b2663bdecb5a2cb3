"""What satisfaction votes (满意度测评) came to, as pages show it."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from projects.models import SatisfactionVote
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.satisfaction import Result, Vote


@dataclass(frozen=True, slots=True)
class VoteRow:
    """One vote: when, on what (names are empty where it speaks of the whole programme), and its result."""

    held_on: dt.date
    subject_zh: str
    subject_en: str
    division_zh: str
    division_en: str
    vote: Vote
    result: Result
    source: str
    is_correction: bool
    is_demo: bool


def satisfaction_votes(
    programme: ProgrammeWords,
    *,
    as_of: dt.date,
    known_seq: int | None = None,
    divisions: Collection[int] | None = None,
) -> tuple[VoteRow, ...]:
    """Votes held by the end of `as_of` as recorded up to `known_seq`, the newest first; one query.

    `divisions`: only those of these divisions (a district's page); None: all of the programme. Empty unless
    the programme is public and publishes them: this is what the public sees.
    """
    if not (programme.is_public and programme.publishes_satisfaction):
        return ()
    rows = SatisfactionVote.objects.standing(known_seq).filter(programme_id=programme.pk, held_on__lte=as_of)
    if divisions is not None:
        rows = rows.filter(division_id__in=divisions)
    rows = rows.select_related("category", "indicator", "division").order_by("-held_on", "-pk")
    return tuple(_row(row) for row in rows)


def _row(row: SatisfactionVote) -> VoteRow:
    subject = row.indicator or row.category
    return VoteRow(
        held_on=row.held_on,
        subject_zh=subject.name_zh if subject else "",
        subject_en=(subject.name_en or subject.name_zh) if subject else "",
        division_zh=row.division.name_zh if row.division else "",
        division_en=(row.division.name_en or row.division.name_zh) if row.division else "",
        vote=row.vote,
        result=row.result,
        source=row.source,
        is_correction=row.corrects_id is not None,
        is_demo=row.is_demo,
    )
