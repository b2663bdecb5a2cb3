"""State a round's seed and draw its sample in one go; or draw one whose seed was stated before.

Exit status 0: drawn (or, with --dry-run, could be); 1: refused; 2: could not run.
"""

import json
from argparse import ArgumentParser
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.sampling import draw_sample, state_seed
from projects.models import Programme, Sample, SampledSite, User
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.readmodels.samples import eligible, framed
from projects.rules.errors import RuleError
from projects.rules.sampling import sizes
from projects.rules.vocabulary import CheckLevel


class Command(BaseCommand):
    help = "抽样:声明种子和规则,冻结抽样框,按 SHA-256 排序抽取;任何人都能重算(verify_sample)。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--programme", required=True, metavar="KEY", help="年度代码,例如 330200-2024")
        add(
            "--level",
            default=CheckLevel.SPOT_CHECK.value,
            choices=[CheckLevel.SPOT_CHECK.value, CheckLevel.REVISIT.value],
            help="spot_check(市级抽查)或 revisit(回头看)",
        )
        add("--name", required=True, metavar="NAME", help="轮次名称;已声明、还没有抽的,按声明抽")
        add("--seed", required=True, metavar="TEXT", help="公开的种子")
        add("--seed-source", default="", metavar="TEXT", help="种子来源")
        add("--percent", type=_percent, default=Decimal(10), metavar="P", help="比例(默认 10)")
        add("--min", type=int, default=1, dest="minimum", metavar="N", help="每个区县最少(默认 1)")
        add("--max", type=int, dest="maximum", metavar="N", help="每个区县最多")
        add("--by-kind", action="store_true", help="按设施种类分层")
        add("--with-visited", action="store_true", help="本年已到过的也进抽样框")
        add("--actor", required=True, metavar="USER", help="谁抽样(用户名)")
        add("--dry-run", action="store_true", help="只看抽样框和各区县抽几个,不写入")
        add("--json", action="store_true", dest="as_json", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = Programme.objects.filter(key=options["programme"], deleted_seq__isnull=True).first()
        user = User.objects.filter(username=options["actor"], is_active=True).first()
        if programme is None:
            raise CommandError(_("没有代码为 %(key)s 的年度。") % {"key": options["programme"]}, returncode=2)
        if user is None:
            raise CommandError(_("没有可用的用户 %(name)s。") % {"name": options["actor"]}, returncode=2)
        stated = Sample.objects.filter(programme=programme, name=options["name"]).first()
        row = stated or Sample(
            programme=programme,
            level=options["level"],
            name=options["name"],
            seed=options["seed"],
            seed_source=options["seed_source"],
            percent=options["percent"],
            minimum=options["minimum"],
            maximum=options["maximum"],
            by_kind=options["by_kind"],
            skips_visited=not options["with_visited"],
        )
        try:
            told = (
                _looked_at(row, options["seed"])
                if options["dry_run"]
                else _drawn(access_of(user, timezone.localdate()), row, options["seed"])
            )
        except RuleError as problem:
            raise CommandError(_(problem.msgid).format(**problem.params), returncode=1) from problem
        except ActionError as refusal:
            raise CommandError(str(refusal), returncode=1) from None
        except OperationalError:
            raise CommandError(_("系统正忙,请稍后再试。"), returncode=2) from None
        self._tell(told, as_json=options["as_json"])

    def _tell(self, told: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for code, (count, chosen) in told["districts"].items():
            self.stdout.write(
                _("%(code)s:%(count)d 个中抽 %(drawn)d 个") % {"code": code, "count": count, "drawn": chosen}
            )
        self.stdout.write(
            _("抽样框 %(count)d 个点位,抽 %(drawn)d 个。") % {"count": told["frame"], "drawn": told["drawn"]}
        )
        if told.get("frame_sha256"):
            self.stdout.write(
                _("抽样框 SHA-256:%(hash)s。重算:manage.py verify_sample %(id)d")
                % {"hash": told["frame_sha256"], "id": told["id"]}
            )


def _looked_at(row: Sample, seed: str) -> dict[str, Any]:
    """The frame of this moment; nothing is written and nobody is chosen."""
    recipe = row.recipe_for(row.seed or seed)
    counts = Counter(site.district for _pk, site in framed(eligible(row)))
    chosen = sizes(counts, recipe)
    return {
        "frame": sum(counts.values()),
        "drawn": sum(chosen.values()),
        "districts": {code: [counts[code], chosen[code]] for code in sorted(counts)},
    }


def _drawn(access: Access, row: Sample, seed: str) -> dict[str, Any]:
    if row._state.adding:
        row = state_seed(access=access, row=row)
    sample = draw_sample(access=access, sample_id=row.pk, seed=seed)
    frame = Counter(line.split(",")[0] for line in sample.frame.content.splitlines())
    chosen = Counter(SampledSite.objects.filter(sample=sample).values_list("district", flat=True))
    return {
        "id": sample.pk,
        "frame": sample.frame_size,
        "drawn": sample.drawn_count,
        "frame_sha256": sample.frame_hash,
        "districts": {code: [frame[code], chosen[code]] for code in sorted(frame)},
    }


def _percent(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
