"""The figures of the headline page, for a terminal or a program."""

import datetime as dt
import json
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.readmodels.headline import Headline, headline
from projects.rules.funding import FundRate, to_digits


class Command(BaseCommand):
    help = "年度要点:公布的数字原样列出,资金按库中记录计算。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--programme", required=True, metavar="KEY", help="例如 330200-2024")
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="截至日期,默认为数据截止日"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(
        self, *args: Any, programme: str, as_of: dt.date | None, as_json: bool, **options: Any
    ) -> None:
        found = headline(programme, as_of=as_of)
        if found is None:
            raise CommandError(_("没有已发布的年度“%(key)s”。") % {"key": programme}, returncode=2)
        if as_json:
            self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{found.programme.name_zh}  截至 {found.as_of}")
        for row in found.statements:
            self.stdout.write(f"  公布  {row.label_zh}:{row.text}")
        for fund in found.funds:
            self.stdout.write(f"  计算  {_(fund.source.term)}:{_words(fund.rate, found)}")
        self.stdout.write(f"  计算  {_('合计')}:{_words(found.total, found)}")


def _words(rate: FundRate, found: Headline) -> str:
    percent, lead = rate.percent, rate.lead_pp(found.period, found.as_of)
    if percent is None or lead is None:
        return _("使用 未公布")
    return f"{to_digits(percent)} %({to_digits(lead)} pp)"


def _as_json(found: Headline) -> dict[str, Any]:
    return {
        "programme": found.programme.key,
        "as_of": found.as_of.isoformat(),
        "published": [
            {
                "key": row.key,
                "label": row.label_zh,
                "text": row.text,
                "value": _text(row.value),
                "unit": row.unit,
            }
            for row in found.statements
        ],
        "computed": [{"source": fund.source.value, **_rate(fund.rate, found)} for fund in found.funds]
        + [{"source": "total", **_rate(found.total, found)}],
    }


def _rate(rate: FundRate, found: Headline) -> dict[str, str | None]:
    return {
        "arranged": str(rate.arranged),
        "used": _text(rate.used),
        "percent": _digits(rate.percent),
        "lead_pp": _digits(rate.lead_pp(found.period, found.as_of)),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _digits(value: Decimal | None) -> str | None:
    return None if value is None else to_digits(value)
