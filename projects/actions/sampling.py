"""A round of visits: its seed is stated, it is drawn from a frozen frame, the rest is accepted with it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, rollups, siteupdates, subjectlights
from projects.actions.errors import Invalid
from projects.actions.lights import judges_by_indicator
from projects.actions.rows import audited, clean, entry_of, require_city, save_row
from projects.actions.siteupdates import Prepared, SiteUpdate
from projects.actions.streams import Listed
from projects.models import Sample, SampledSite, SampleFrame, Site, SiteState
from projects.models.bulk import insert_rows
from projects.permissions.access import Access, Permission
from projects.readmodels.samples import eligible, framed
from projects.readmodels.verifying import ACCEPTED_WITH_ROUND, scheme_of
from projects.rules.errors import RuleError
from projects.rules.rollups import Movements
from projects.rules.sampling import draw, frame_hash, frame_text, read_frame
from projects.rules.verification import waiting_as
from projects.rules.vocabulary import Awaits, CheckLevel, Stage

#: Stands for a seed that is not known yet, where the other words are tried.
_OPEN: Final = "?"
_CHUNK: Final = 2_000


def state_seed(*, access: Access, row: Sample, reason: str = "") -> Sample:
    """State a round's rules and its seed, or where the seed will come from; from then on they stay.

    Raises NotAllowed, and Invalid for words that would make the recipe ambiguous.
    """
    require_city(access, Permission.SAMPLE_DRAW)
    if not row._state.adding:
        raise Invalid({"": _("已声明的轮次不能再改;要改请另开一轮。")})
    row.seed, row.name, row.seed_source = row.seed.strip(), row.name.strip(), row.seed_source.strip()
    row.seed_was_open = not row.seed
    _check_recipe(row, row.seed or _OPEN)
    row.stated_by_id = access.user_id
    row.stated_at = timezone.now()
    return save_row(access=access, row=row, permission=Permission.SAMPLE_DRAW, reason=reason)


def draw_sample(*, access: Access, sample_id: int, seed: str = "") -> Sample:
    """Freeze the frame of this moment and draw from it; `seed` only where it was left open.

    Raises NotAllowed; Invalid when it was drawn already, the seed is missing or another one than was stated,
    or nothing is eligible.
    """
    require_city(access, Permission.SAMPLE_DRAW)
    with transaction.atomic():
        sample = Sample.objects.select_for_update(of=("self",)).select_related("programme").get(pk=sample_id)
        if sample.drawn_at is not None:
            raise Invalid({"": _("这一轮已经抽过,不能重抽。")})
        seed = seed.strip()
        if sample.seed and seed and seed != sample.seed:
            raise Invalid({"seed": _("种子已在声明时确定,不能更换。")})
        if not sample.seed and not seed:
            raise Invalid({"seed": _("请按声明的来源填写种子。")})
        before = audited(sample)
        sample.seed = sample.seed or seed
        _check_recipe(sample, sample.seed)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            # Nobody writes from here on: this is the frame.
            sites = framed(eligible(sample, timezone.localdate(numbers.recorded_at)))
            if not sites:
                raise Invalid({"": _("现在没有符合条件的点位,没有抽样。")})
            text = frame_text(site for _pk, site in sites)
            ranked = draw(read_frame(text), sample.recipe)
            key_of = {site.public_id: pk for pk, site in sites}
            chosen = [row for row in ranked if row.is_drawn]
            sample.drawn_at, sample.drawn_by_id = numbers.recorded_at, access.user_id
            sample.frame_hash, sample.frame_size = frame_hash(text), len(sites)
            sample.drawn_count, sample.changed_seq = len(chosen), numbers.first
            clean(sample)
            sample.save()
            stamp = {
                "recorded_at": numbers.recorded_at,
                "recorded_by_id": access.user_id,
                "changed_seq": numbers.first,
            }
            SampleFrame(sample=sample, content=text, **stamp).save()
            insert_rows(
                [
                    SampledSite(
                        sample=sample,
                        site_id=key_of[row.site.public_id],
                        district=row.site.district,
                        kind=row.site.kind,
                        rank=row.rank,
                        digest=row.digest,
                        **stamp,
                    )
                    for row in chosen
                ]
            )
            after = audited(sample)
            changed: dict[str, ledger.JSON] = {
                name: [before[name], value] for name, value in after.items() if before[name] != value
            }
            numbers.write([entry_of(sample, "draw", changed, "")])
    return sample


@closing.correctable
def accept_rest(*, access: Access, sample_id: int, on_day: dt.date) -> int:
    """Accept the sites of a round's frame that were not drawn and still wait; returns how many.

    Takes that every drawn site was visited: what the sample says is known. Raises NotAllowed, Invalid,
    PeriodClosed.
    """
    require_city(access, Permission.SAMPLE_DRAW)
    if on_day > timezone.localdate():
        raise Invalid({"on_day": _("日期不能晚于今天。")})
    with transaction.atomic():
        sample = Sample.objects.select_for_update(of=("self",)).select_related("programme").get(pk=sample_id)
        if sample.drawn_at is None or sample.level != CheckLevel.SPOT_CHECK:
            raise Invalid({"": _("只有抽过的市级抽查才能让未抽中的点位通过。")})
        if sample.accepted_at is not None:
            raise Invalid({"": _("这一轮未抽中的点位已经通过。")})
        left = _unvisited(sample)
        if left:
            raise Invalid({"": _("还有 %(count)d 个抽中的点位没有到访。") % {"count": left}})
        rest = _rest_of(sample)
        late = [site for site in rest if site.finished_on is not None and site.finished_on > on_day]
        if late:
            raise Invalid(
                {"on_day": _("“%(name)s”完工于 %(day)s,晚于这个日期。")
                 % {"name": late[0].name, "day": late[0].finished_on}}
            )  # fmt: skip
        _check_after_states(rest, on_day)
        judges = judges_by_indicator()
        updates = [
            SiteUpdate(
                site.pk,
                site.version,
                {"stage": Stage.VERIFIED.value, "verified_on": on_day},
                effective_on=on_day,
            )
            for site in rest
        ]
        siteupdates.lock(Listed(updates))
        siteupdates.ask(Listed(updates))
        prepared = siteupdates.prepare(
            updates,
            access=access,
            judges=judges,
            reason=_("抽查“%(name)s”未抽中,随轮通过") % {"name": sample.name},
            is_verified=True,
        )
        with ledger.take(len(prepared) + 1, actor_id=access.user_id) as numbers:
            movements = Movements()
            siteupdates.write(
                [_as_accepted(item, sample) for item in prepared], numbers, numbers.first, movements
            )
            moved = rollups.post(movements)
            subjectlights.follow_output(moved, seq=numbers.last, now=numbers.recorded_at)
            sample.accepted_at, sample.changed_seq = numbers.recorded_at, numbers.last
            sample.save()
            told: dict[str, ledger.JSON] = {"count": len(prepared), "effective": on_day.isoformat()}
            numbers.write([entry_of(sample, "accept", told, "")])
    return len(prepared)


def _check_after_states(sites: Sequence[Site], on_day: dt.date) -> None:
    """What a site becomes cannot begin before what it became later."""
    for start in range(0, len(sites), _CHUNK):
        ids = [site.pk for site in sites[start : start + _CHUNK]]
        later = SiteState.objects.filter(site__in=ids, effective_on__gt=on_day).select_related("site").first()
        if later is not None:
            raise Invalid(
                {
                    "on_day": _("“%(name)s”自 %(day)s 起已有状态记录,日期不能更早。")
                    % {"name": later.site.name, "day": later.effective_on}
                }
            )


def rest_count(sample: Sample) -> int:
    """How many sites `accept_rest` would accept now."""
    return len(_rest_of(sample))


def _as_accepted(item: Prepared, sample: Sample) -> Prepared:
    payload = {**item.entry.payload, "sample": sample.pk}
    return replace(item, entry=replace(item.entry, action=ACCEPTED_WITH_ROUND, payload=payload))


def _rest_of(sample: Sample) -> list[Site]:
    """In the frame, not drawn by any open round, and waiting as they did when it was drawn."""
    frame = SampleFrame.objects.filter(sample=sample).first()
    if frame is None:
        return []
    ids = {site.public_id for site in read_frame(frame.content)}
    waiting = {word.value for word in waiting_as(Awaits.DRAW, scheme_of(sample.programme))}
    rows = (
        Site.objects.live().filter(stage=Stage.FINISHED.value, checked__in=waiting).defer("geom", "location")
    )
    drawn = set(
        SampledSite.objects.filter(sample__level=CheckLevel.SPOT_CHECK.value).values_list(
            "site_id", flat=True
        )
    )
    return [site for site in rows.order_by("pk") if site.public_id in ids and site.pk not in drawn]


def _unvisited(sample: Sample) -> int:
    seen = set(sample.visits.exclude(result="unreachable").values_list("site_id", flat=True))
    # A drawn site that was removed or taken back meanwhile is not waited for.
    waiting = SampledSite.objects.filter(
        sample=sample, site__deleted_seq__isnull=True, site__stage=Stage.FINISHED.value
    )
    return sum(pk not in seen for pk in waiting.values_list("site_id", flat=True))


def _check_recipe(row: Sample, seed: str) -> None:
    try:
        row.recipe_for(seed)
    except RuleError as problem:
        raise Invalid({"": _(problem.msgid).format(**problem.params)}) from problem
