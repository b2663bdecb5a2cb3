"""What a visit or rework makes of a site: its stage, service, dates, progress, lights and figures."""

import datetime as dt
from dataclasses import dataclass

from projects.actions import ledger, siterows
from projects.actions.lights import Judges
from projects.actions.reports import copy_latest_report
from projects.actions.sitewriting import clean, contributions_of, entry_for, refresh_lights
from projects.models import Site, SiteReport, SiteState
from projects.permissions.access import Access
from projects.rules.vocabulary import FINISHED, Checked, Service, Stage


@dataclass(slots=True)
class Outcome:
    """What a visit or rework makes of the site, from `day` on; None: as it was."""

    day: dt.date
    checked: Checked
    stage: Stage | None = None
    service: Service | None = None
    finished_on: dt.date | None = None
    verified_on: dt.date | None = None
    report: SiteReport | None = None
    is_looked_at: bool = False

    @property
    def is_dated(self) -> bool:
        """Whether it states a fact that figures or pages of a day are made of."""
        return self.stage is not None or self.service is not None or self.report is not None


def write_site(
    access: Access,
    site: Site,
    outcome: Outcome,
    numbers: ledger.Numbers,
    judges: Judges,
    action: str,
    told: dict[str, ledger.JSON],
) -> None:
    """Write it all to a locked site under a number that the caller holds, and the entry. The visit's own row
    is written already."""
    contributions = contributions_of(site)
    before = siterows.audited(site, contributions)
    finished, verified = site.finished_on, site.verified_on
    site.checked = outcome.checked.value
    if outcome.stage is not None:
        site.stage = outcome.stage.value
        if outcome.stage is Stage.VERIFIED:
            site.verified_on = outcome.verified_on
        else:
            site.verified_on = None
            site.finished_on = (outcome.finished_on or finished) if outcome.stage in FINISHED else None
    if outcome.service is not None:
        site.service = outcome.service.value
    if outcome.is_looked_at:
        site.service_checked_on = outcome.day
    site.changed_seq = numbers.first
    site.version += 1
    site.updated_at = numbers.recorded_at
    if outcome.report is not None:
        _write_report(access, site, outcome.report, numbers)
    clean(site)
    site.save()
    if outcome.stage is not None or outcome.service is not None:
        state = siterows.state_row(
            site,
            effective_on=outcome.day,
            stage=site.stage,
            contributions=contributions,
            now=numbers.recorded_at,
            actor_id=access.user_id,
        )
        # The site's bare dates are as they are now; what they said of the days before stays said.
        state.former_finished_on = finished if site.finished_on != finished else None
        state.former_verified_on = verified if site.verified_on != verified else None
        SiteState.objects.bulk_create([state])
    refresh_lights(site, contributions, judges, now=numbers.recorded_at)
    changed = siterows.changed_fields(before, siterows.audited(site, contributions))
    numbers.write([entry_for(site, action, {**told, "changed": changed})])


def _write_report(access: Access, site: Site, report: SiteReport, numbers: ledger.Numbers) -> None:
    report.site = site
    report.is_demo = site.is_demo
    report.recorded_at, report.recorded_by_id = numbers.recorded_at, access.user_id
    report.changed_seq = numbers.first
    report.save()
    copy_latest_report(site)
