"""Every write of a dated fact as a case: what it takes, and a call that states the fact for a day."""

import datetime as dt
from typing import Final

from tests.integration import closedpromises as promises
from tests.integration import closedsites as sites
from tests.integration import closedverifying as verifying
from tests.integration.closedcore import (
    CLOSED_DAY,
    OPEN_DAY,
    THROUGH,
    Case,
    close,
    second_closer,
)
from tests.integration.closedpromises import figure_of, line_of

__all__ = [
    "CASES",
    "CLOSED_DAY",
    "OPEN_DAY",
    "THROUGH",
    "Case",
    "close",
    "figure_of",
    "line_of",
    "second_closer",
]

CASES: Final = (
    Case("report", "report_site", sites.report, who="haishu"),
    Case("round", "report_round", sites.round_of_two, who="haishu"),
    Case("correction of a report", "report_site", sites.report_correction, who="haishu"),
    Case("plan", "change_plan", sites.plan, who="supervisor"),
    Case("stage", "change_site", sites.changed({"stage": "suspended"}, since=True), who="haishu"),
    Case("started on", "change_site", sites.changed({"started_on": "day"}), who="haishu"),
    Case("contributions", "change_site", sites.contributions, who="haishu"),
    Case(
        "baseline",
        "change_site",
        sites.changed({"baseline_finish": dt.date(2024, 12, 1)}),
        who="haishu",
        dated=False,
    ),
    Case("removal", "remove_site", sites.remove),
    Case("new site", "add_site", sites.add, who="haishu"),
    Case("import of a new row", "apply_site_drafts", sites.import_new, who="haishu"),
    Case("import of a known row", "apply_site_drafts", sites.import_known, who="haishu"),
    Case("undoing of an import", "undo_batch", sites.undo_import, who="haishu"),
    Case("publication", "publish_site", sites.publish, who="publisher"),
    Case("publication of an import", "publish_batch", sites.publish_import, who="publisher"),
    Case("withdrawal", "withdraw_site", sites.withdraw, who="publisher"),
    Case("acceptance", "verify_site", verifying.accepted),
    Case("return", "verify_site", verifying.taken_back),
    Case("rework", "declare_rework", verifying.reworked),
    Case("acceptance of a round", "accept_rest", verifying.accepted_with_round),
    Case("target", "set_target", promises.target),
    Case("plan of an indicator", "state_plan", promises.planned),
    Case("money arranged", "arrange_funds", promises.arranged),
    Case("money used", "add_funding_report", promises.used),
    Case("output", "report_indicator", promises.output),
    Case("policy", "save_programme", promises.policy, dated=False),
    Case("period", "save_programme", promises.programme(period_start=dt.date(2024, 1, 2)), dated=False),
    Case("cut-off moved back", "save_programme", promises.programme(cutoff="day")),
    Case("due date of a project", "save_project", promises.due, dated=False),
    Case("new indicator with a target", "save_indicator", promises.new_indicator, dated=False),
    Case("import of phases", "apply_phases", promises.phases),
    Case("project of another category", "apply_phases", promises.moved_project, dated=False),
    Case("report of a phase", "report_phase", promises.phase_report),
    Case("baseline of a phase", "save_phase", promises.baseline_of_a_phase, dated=False),
    Case("vote", "record_vote", promises.vote),
    Case("another way of counting", "save_indicator", promises.counted_otherwise, dated=False),
    Case("correction of a figure", "save_published_figure", promises.figure),
    Case("new line", "save_funding_line", promises.new_line),
    Case("another source", "save_funding_line", promises.line_of_another, dated=False),
    Case("township", "set_parent", promises.moved),
)
