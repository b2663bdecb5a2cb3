"""What figures count of a site, rewritten with its lights: the rows behind projects.rules.standings."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from projects.actions import rollups, subjectlights
from projects.models import LightSpan, Site, SiteStanding, SiteState
from projects.models.bulk import fresh, insert_rows
from projects.rules.rollups import Movements
from projects.rules.standings import Counted, Lit, Record, Standing, StateFact, contributions_text, timeline
from projects.rules.vocabulary import Light, Publication, Stage

_CHUNK = 2_000


@dataclass(slots=True)
class Rewrite:
    """Spans that no longer hold and the unsaved ones that take their place."""

    ended: list[SiteStanding] = field(default_factory=list)
    rows: list[SiteStanding] = field(default_factory=list)

    def extend(self, other: "Rewrite") -> None:
        self.ended += other.ended
        self.rows += other.rows

    def write(self, movements: Movements, *, superseded_seq: int) -> None:
        """Save both and note what figures gain and lose. `superseded_seq` is of the whole transaction:
        nothing is known between two of its numbers."""
        ids = [row.pk for row in self.ended]
        for start in range(0, len(ids), _CHUNK):
            SiteStanding.objects.filter(pk__in=ids[start : start + _CHUNK]).update(
                superseded_seq=superseded_seq
            )
        insert_rows(self.rows)
        movements.add(map(standing_of, self.ended), -1)
        movements.add(map(standing_of, self.rows))


def stood(
    site: Site,
    states: Iterable[SiteState],
    lights: Iterable[Lit],
    governs: Callable[[str], int | None],
) -> tuple[Standing, ...]:
    """The site's timeline. `states` without corrected ones, in their order; `governs` by contributions."""
    facts = []
    for state in states:
        text = contributions_key(state)
        facts.append(
            StateFact(state.effective_on, Stage(state.stage), state.managed_by_id, text, governs(text))
        )
    return timeline(facts, tuple(lights), record_of(site))


def record_of(site: Site) -> Record:
    return Record(
        site.baseline_start,
        site.baseline_finish,
        site.publication == Publication.PUBLISHED and site.deleted_seq is None,
        site.is_demo,
    )


def contributions_key(state: SiteState) -> str:
    """The state's contributions as one text, the same for the same quantities."""
    return _text(tuple(state.contributions.items()))


@lru_cache(maxsize=4_096)
def _text(items: tuple[tuple[str, str], ...]) -> str:
    return contributions_text(dict(items))


def lit(spans: Iterable[LightSpan]) -> list[Lit]:
    """The lights of saved or unsaved spans, ascending."""
    return sorted(Lit(row.valid_from, row.valid_to, Light(row.light)) for row in spans)


def rows_of(site: Site, standings: Iterable[Standing], *, now: dt.datetime) -> list[SiteStanding]:
    """Unsaved rows, known from the site's own change on."""
    return [
        fresh(
            SiteStanding,
            site_id=site.pk,
            valid_from=begin,
            valid_to=end,
            managed_by_id=counted.managed_by,
            stage=counted.stage.value,
            started=counted.started,
            has_plan=counted.has_plan,
            start_due=counted.start_due,
            finish_due=counted.finish_due,
            light=counted.light.value,
            judged_by_id=counted.judged_by,
            contributions=counted.contributions,
            is_public=counted.is_public,
            is_demo=counted.is_demo,
            baseline_finish=site.baseline_finish if counted.has_plan else None,
            recorded_at=now,
            changed_seq=site.changed_seq,
        )
        for begin, end, counted in standings
    ]


def standing_of(row: SiteStanding) -> Standing:
    return Standing(
        row.valid_from,
        row.valid_to,
        Counted(
            row.managed_by_id,
            Stage(row.stage),
            row.started,
            row.has_plan,
            row.start_due,
            row.finish_due,
            Light(row.light),
            row.judged_by_id,
            row.contributions,
            row.is_public,
            row.is_demo,
        ),
    )


def restand(
    site: Site, wanted: Iterable[Standing], current: Iterable[SiteStanding], *, now: dt.datetime
) -> Rewrite:
    """What has to change for the site to stand as wanted; spans that stand unchanged are left alone."""
    rows = rows_of(site, wanted, now=now)
    standing = {_content(row) for row in rows}
    found = Rewrite()
    kept = set()
    for old in current:
        if _content(old) in standing:
            kept.add(_content(old))
        else:
            found.ended.append(old)
    found.rows = [row for row in rows if _content(row) not in kept]
    return found


def republish(sites: Sequence[Site], *, now: dt.datetime) -> Rewrite:
    """The sites' spans again, after they were published, withdrawn or removed: for all days at once."""
    found = Rewrite()
    by_id = {site.pk: site for site in sites}
    current: dict[int, list[SiteStanding]] = {site.pk: [] for site in sites}
    for row in current_of(list(by_id)):
        current[row.site_id].append(row)
    for pk, rows in current.items():
        site = by_id[pk]
        if site.deleted_seq is not None:
            found.ended += rows
            continue
        is_public = record_of(site).is_public
        wanted = [
            standing._replace(counted=standing.counted._replace(is_public=is_public))
            for standing in map(standing_of, rows)
        ]
        found.extend(restand(site, wanted, rows, now=now))
    return found


def recount(site: Site, *, now: dt.datetime) -> None:
    """`republish` of one site, written and posted."""
    movements = Movements()
    republish([site], now=now).write(movements, superseded_seq=site.changed_seq)
    subjectlights.follow_output(rollups.post(movements), seq=site.changed_seq, now=now)


def current_of(site_ids: Sequence[int]) -> list[SiteStanding]:
    """The spans of these sites that hold now, by site and day."""
    return list(SiteStanding.objects.known().filter(site_id__in=site_ids).order_by("site_id", "valid_from"))


def _content(row: SiteStanding) -> tuple[object, ...]:
    return (
        row.valid_from,
        row.valid_to,
        row.managed_by_id,
        row.stage,
        row.started,
        row.has_plan,
        row.start_due,
        row.finish_due,
        row.light,
        row.judged_by_id,
        row.contributions,
        row.is_public,
        row.is_demo,
        row.baseline_finish,
    )
