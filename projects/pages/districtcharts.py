"""The charts of a district's page: which figures of its report are drawn."""

from dataclasses import dataclass

from projects.pages.charts.lines import LineChart, line_chart
from projects.pages.charts.rows import Row, RowChart, bars, dots
from projects.pages.districtwords import local_name
from projects.readmodels.districtreport import DistrictReport


@dataclass(frozen=True, slots=True)
class DistrictCharts:
    """`categories`: done against the plan; `history`: both over the months; `peers`: beside the others."""

    categories: RowChart
    history: LineChart
    peers: RowChart


def district_charts(report: DistrictReport) -> DistrictCharts:
    """Every chart, in the language of this page. A chart without figures says that it is empty."""
    progress = report.progress
    return DistrictCharts(
        bars(
            [
                Row(
                    f"{part.number}. {local_name(part)}",
                    part.tally.percent,
                    part.tally.planned_percent,
                )
                for part in progress.categories
                if part.tally.sites
            ]
        ),
        line_chart(
            [point.day for point in report.history],
            [
                [point.tally.percent for point in report.history],
                [point.tally.planned_percent for point in report.history],
            ],
        ),
        dots(
            [
                Row(
                    local_name(peer.area),
                    peer.tally.percent,
                    peer.tally.planned_percent,
                    chosen=peer.area.pk == progress.area.pk,
                )
                for peer in report.peers
                if peer.tally.sites
            ]
        ),
    )
