"""The course of a synthetic site: plan, work, monthly reports, what holds it up. Pure; all days are given.

The mix is made for the lights to be worth looking at: of what is under way about half is on schedule, a
quarter 10-30 points behind, a seventh more than 30, some silent, some never begun.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.rules.period import month_end
from projects.rules.vocabulary import Service, Stage

HUNDRED: Final = Decimal(100)

#: What holds a site up (堵点卡点) and what is done about it (推进方案): plain sentences, of no real place.
OBSTACLES: Final = (
    ("用地手续尚未办结", "专班每周会商,争取下月中旬取得用地批复"),
    ("电力接入容量不足,需增容", "已与供电单位对接增容方案,先行完成土建"),
    ("沿线居民对选址有不同意见", "由街道牵头再开一次协商会,同步准备备选点位"),
    ("施工单位人手不足", "已约谈施工单位,月底前增派一个班组"),
    ("连续降雨影响室外施工", "调整工序,先做室内部分,天晴后两班作业"),
    ("设备到货延期", "改用同规格现货,并向供货单位发函催办"),
    ("管线迁改未完成", "协调管线单位交叉作业,约定本月内完成迁改"),
    ("招标流标,需重新组织", "缩短公告准备时间,重新招标已发布"),
)
SUSPENDED_FOR: Final = ("配合地下工程施工,暂停建设", "资金拨付核对期间暂停建设")
CANCELLED_FOR: Final = ("与相邻点位功能重复,经研究取消", "场地另有规划,取消建设")
RESCHEDULED_FOR: Final = ("用地手续办理时间超出预期", "与道路改造同步实施", "电力增容工期顺延")


@dataclass(frozen=True, slots=True)
class Story:
    """Dates, stage and statements of one site, as `projects.actions.drafts.SiteDraft` takes them."""

    stage: Stage
    service: Service = Service.UNKNOWN
    service_checked_on: dt.date | None = None
    baseline_start: dt.date | None = None
    baseline_finish: dt.date | None = None
    baseline_milestones: tuple[tuple[dt.date, Decimal], ...] = ()
    started_on: dt.date | None = None
    finished_on: dt.date | None = None
    verified_on: dt.date | None = None
    state_since: dt.date | None = None
    reports: tuple[ReportDraft, ...] = ()
    plan_changes: tuple[PlanChangeDraft, ...] = ()


class Teller:
    """Tells stories that end on the cut-off day; everything is drawn from `rng`. Keeps count of approvals."""

    def __init__(self, cutoff: dt.date, rng: np.random.Generator) -> None:
        self.cutoff = cutoff
        self.new_year = dt.date(cutoff.year, 1, 1)
        self.year_end = dt.date(cutoff.year, 12, 31)
        self.rng = rng
        self._approvals = 0

    def finished(self, *, small: bool = False) -> Story:
        """Complete by the cut-off with a last report of 100 %; about half of them verified.

        Something `small` is put up in days: its plan is one due date, without monthly reports on the way.
        """
        finished_on = self._day(self.new_year.replace(month=3), self.cutoff - dt.timedelta(days=2))
        started_on = max(self.new_year + dt.timedelta(days=4), finished_on - self._days(20, 75))
        start = max(self.new_year, started_on - self._days(0, 12))
        finish = min(self.year_end, max(finished_on + self._days(-12, 60), start + dt.timedelta(days=20)))
        verified_on = None
        if self._chance(0.55):
            verified_on = min(self.cutoff, finished_on + self._days(3, 25))
        steps = [] if small else self._reports(started_on, finished_on, 90)
        service, checked = self.service(finished_on)
        return Story(
            stage=Stage.FINISHED if verified_on is None else Stage.VERIFIED,
            service=service,
            service_checked_on=checked,
            baseline_start=start,
            baseline_finish=finish,
            baseline_milestones=((finish, HUNDRED),) if small else (),
            started_on=started_on,
            finished_on=finished_on,
            verified_on=verified_on,
            reports=(
                *(report for report in steps if report.as_of < finished_on),
                ReportDraft(finished_on, HUNDRED),
            ),
        )

    def started(self) -> Story:
        """Under way and on schedule: what completes a commitment to start construction."""
        return self._building("on_time")

    def sited(self) -> Story:
        """The place is chosen, work is planned for later in the year."""
        return self._waiting(Stage.SITED, months_ahead=True)

    def unfinished(self) -> Story:
        """Anything that is not finished: under way, waiting, suspended, cancelled; in time or late."""
        kind = self._pick(
            {"building": 0.58, "sited": 0.17, "planned": 0.13, "suspended": 0.06, "cancelled": 0.06}
        )
        if kind == "building":
            return self._building(
                self._pick({"on_time": 0.5, "behind": 0.25, "far": 0.14, "silent": 0.06, "overdue": 0.05})
            )
        if kind in ("suspended", "cancelled"):
            return self._stopped(Stage(kind))
        return self._waiting(Stage(kind), months_ahead=self._chance(0.4))

    def not_begun(self) -> Story:
        """Planned or sited, in time or late: what does not count yet where starting counts."""
        stage = Stage.SITED if self._chance(0.6) else Stage.PLANNED
        return self._waiting(stage, months_ahead=self._chance(0.5))

    def service(self, since: dt.date) -> tuple[Service, dt.date | None]:
        """Can it be used now: nearly always; and the day on which somebody looked, not before `since`."""
        word = Service(
            self._pick({"open": 0.94, "closed_temporarily": 0.03, "closed": 0.008, "unknown": 0.022})
        )
        if word is Service.UNKNOWN:
            return word, None
        return word, max(since, self.cutoff - self._days(0, 50))

    def _building(self, pace: str) -> Story:
        """Under way. The pace says how far the last report lies behind the baseline."""
        if pace == "overdue":
            start = self._day(self.new_year, self.new_year.replace(month=2))
            finish = self._day(self.cutoff - dt.timedelta(days=40), self.cutoff - dt.timedelta(days=3))
        elif pace == "far":
            start = self._day(self.new_year, self.new_year.replace(month=2, day=20))
            finish = self._day(dt.date(self.cutoff.year, 7, 20), dt.date(self.cutoff.year, 9, 30))
        else:
            start = self._day(self.new_year + dt.timedelta(days=9), dt.date(self.cutoff.year, 5, 20))
            finish = min(self.year_end, start + self._days(130, 290))
        started_on = min(self.cutoff - dt.timedelta(days=5), start + self._days(0, 14))
        elapsed = (min(self.cutoff, finish) - start).days / (finish - start).days
        lag = {
            "on_time": self._number(-10, 9),
            "behind": self._number(12, 29),
            "far": self._number(33, 60),
            "overdue": self._number(4, 9),
            "silent": 0,
        }[pace]
        percent = int(np.clip(100 * elapsed - lag, 3, 97))
        reports = [] if pace == "silent" else self._reports(started_on, self.cutoff, percent)
        late = pace in ("behind", "far", "overdue")
        if late:
            reports[-1] = self._held_up(reports[-1])
        return Story(
            stage=Stage.BUILDING,
            baseline_start=start,
            baseline_finish=finish,
            started_on=started_on,
            reports=tuple(reports),
            plan_changes=self._rescheduled(start, finish) if late and self._chance(0.35) else (),
        )

    def _waiting(self, stage: Stage, *, months_ahead: bool) -> Story:
        """Work has not begun: not due yet, or due for one to six months."""
        if months_ahead:
            start = self._day(self.cutoff + dt.timedelta(days=3), dt.date(self.cutoff.year, 9, 30))
        elif self._chance(0.5):
            start = self._day(dt.date(self.cutoff.year, 5, 1), self.cutoff - dt.timedelta(days=3))
        else:
            start = self._day(self.new_year + dt.timedelta(days=9), dt.date(self.cutoff.year, 4, 20))
        finish = min(self.year_end, start + self._days(75, 240))
        late = not months_ahead
        reports = (self._held_up(ReportDraft(self.cutoff, Decimal(0))),) if late and self._chance(0.7) else ()
        return Story(
            stage=stage,
            baseline_start=start,
            baseline_finish=finish,
            state_since=min(start, self._day(self.new_year + dt.timedelta(days=14), self.cutoff)),
            reports=reports,
            plan_changes=self._rescheduled(start, finish) if late and self._chance(0.3) else (),
        )

    def _stopped(self, stage: Stage) -> Story:
        start = self._day(self.new_year + dt.timedelta(days=9), dt.date(self.cutoff.year, 3, 31))
        finish = min(self.year_end, start + self._days(140, 260))
        since = self._day(dt.date(self.cutoff.year, 5, 6), self.cutoff - dt.timedelta(days=4))
        begun = stage is Stage.SUSPENDED or self._chance(0.3)
        started_on = start + self._days(0, 14) if begun else None
        why = SUSPENDED_FOR if stage is Stage.SUSPENDED else CANCELLED_FOR
        reports = self._reports(started_on, since, self._number(15, 55)) if started_on is not None else []
        percent = reports[-1].percent if reports else Decimal(0)
        return Story(
            stage=stage,
            baseline_start=start,
            baseline_finish=finish,
            started_on=started_on,
            state_since=since,
            reports=(
                *(report for report in reports if report.as_of < since),
                ReportDraft(since, percent, problem=why[self._number(0, len(why) - 1)]),
            ),
        )

    def _reports(self, first: dt.date, last: dt.date, percent: int) -> list[ReportDraft]:
        """One report at each month's end (the last day for the rest), rising to `percent`; at least one."""
        days = []
        day = month_end(first)
        while day <= last:
            days.append(day)
            day = month_end(day + dt.timedelta(days=1))
        days = days or [last]
        return [
            ReportDraft(when, Decimal(round(percent * (step + 1) / len(days))))
            for step, when in enumerate(days)
        ]

    def _held_up(self, report: ReportDraft) -> ReportDraft:
        problem, plan = OBSTACLES[self._number(0, len(OBSTACLES) - 1)]
        return ReportDraft(report.as_of, report.percent, problem, plan)

    def _rescheduled(self, start: dt.date, finish: dt.date) -> tuple[PlanChangeDraft, ...]:
        """A later finish, approved or not; without an approval number it does not move the plan."""
        effective = self._day(dt.date(self.cutoff.year, 4, 15), self.cutoff - dt.timedelta(days=6))
        number = ""
        if self._chance(0.5):
            self._approvals += 1
            number = f"演示〔{self.cutoff.year}〕{self._approvals} 号"
        return (
            PlanChangeDraft(
                effective_on=effective,
                planned_start=start,
                planned_finish=max(finish, effective) + self._days(30, 120),
                reason=RESCHEDULED_FOR[self._number(0, len(RESCHEDULED_FOR) - 1)],
                approval_number=number,
            ),
        )

    def _number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def _days(self, low: int, high: int) -> dt.timedelta:
        return dt.timedelta(days=self._number(low, high))

    def _day(self, first: dt.date, last: dt.date) -> dt.date:
        return first + dt.timedelta(days=self._number(0, (last - first).days))

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _pick(self, shares: dict[str, float]) -> str:
        mark = self.rng.random()
        for word, share in shares.items():
            mark -= share
            if mark < 0:
                return word
        return next(reversed(shares))
