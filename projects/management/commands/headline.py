"""The figures of the headline page, for a terminal or a program."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils.translation import gettext as _

from projects.readmodels.clocks import Clocks, as_text, asked_clocks
from projects.readmodels.funds import Funds
from projects.readmodels.headline import Headline, headline, public_programme
from projects.readmodels.headlinejson import answer
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import FilterError
from projects.rules.funding import FundRate, to_digits


class Command(BaseCommand):
    help = "年度要点:公布的数字原样列出,其余按库中记录计算;同样的 --as-of 和 --known-at 永远得到同样的回答。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--programme", required=True, metavar="KEY", help="例如 330200-2024")
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="截至日期,默认为数据截止日"
        )
        parser.add_argument(
            "--known-at", metavar="MOMENT", default="", help="只用此刻之前录入的数据,默认为现在"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(
        self,
        *args: Any,
        programme: str,
        as_of: dt.date | None,
        known_at: str,
        as_json: bool,
        **options: Any,
    ) -> None:
        found, clocks = _headline(programme, as_of, known_at)
        if as_json:
            self.stdout.write(json.dumps(answer(found, clocks), ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{found.programme.name_zh}  {_('截至')} {found.as_of}")
        if found.known_at is not None:
            self.stdout.write(f"  known_at {as_text(found.known_at)}")
        for row in found.statements:
            self.stdout.write(f"  {_('公布')}  {row.label_zh}:{row.text}")
        for figure in found.means.figures:
            value = to_digits(figure.value) if figure.unit == "%" else str(figure.value)
            self.stdout.write(f"  {_('计算')}  {_(figure.label)}:{value} {figure.unit}")
        for fund in found.money.rows:
            self.stdout.write(f"  {_('计算')}  {_(fund.source.term)}:{_words(fund.rate, found.money)}")
        self.stdout.write(f"  {_('计算')}  {_('合计')}:{_words(found.money.total, found.money)}")
        for compared in found.comparisons:
            if not compared.agrees:
                self.stdout.write(
                    f"  {_('不一致')}  {compared.statement.label_zh}:{_('公布')} {compared.statement.text},"
                    f"{_('计算')} {compared.rounded}"
                )


def _headline(key: str, as_of: dt.date | None, known_at: str) -> tuple[Headline, Clocks]:
    """Asked as the page is asked: the same words, the same refusals."""
    held = snapshot(fresh=True)
    programme = public_programme(held, key)
    if programme is not None:
        query = QueryDict(mutable=True)
        query["as_of"] = as_of.isoformat() if as_of is not None else ""
        query["known_at"] = known_at
        try:
            clocks = asked_clocks(query, programme)
            found = headline(key, clocks=clocks, held=held)
        except FilterError as error:
            raise CommandError(error.message(), returncode=2) from None
        if found is not None:
            return found, clocks
    raise CommandError(_("没有已发布的年度“%(key)s”。") % {"key": key}, returncode=2)


def _words(rate: FundRate, found: Funds) -> str:
    percent, lead = rate.percent, found.lead(rate)
    if percent is None or lead is None:
        return _("使用 未公布")
    return f"{to_digits(percent)} %({to_digits(lead)} pp)"
