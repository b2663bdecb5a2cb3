"""The methodology (口径说明): each figure with its formula, what is said of it, and worked examples.

Generated from the rules and from the policy in force. The anchors are addresses: other pages link to them, so
a figure keeps its own for ever.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from projects.rules.errors import gettext_noop as _
from projects.rules.examples import (
    closed_month_examples,
    funds_example,
    lag_examples,
    spending_examples,
    vote_examples,
)
from projects.rules.explain import (
    Explained,
    divergence_sentence,
    months_explained,
    policy_explained,
    schedule_sentences,
)
from projects.rules.policy import Policy
from projects.rules.sentences import Sentence, say


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `explained`: what the policy in force says of each kind of subject (the lights)."""

    anchor: str
    title: Sentence
    formula: Sentence | None
    sentences: tuple[Sentence, ...]
    examples: tuple[Sentence, ...] = ()
    explained: tuple[Explained, ...] = ()


ANCHORS: Final = (
    "as-of",
    "published",
    "completion",
    "due",
    "reported-counted",
    "divergence",
    "mean",
    "lights",
    "months",
    "funds",
    "funds-schedule",
    "satisfaction",
    "working-days",
    "verification",
    "ranking",
)
"""In the order of the page."""


def methodology(policy: Policy | None) -> tuple[Figure, ...]:
    """Every figure, in the order of `ANCHORS`; without a policy what does not depend on one."""
    made = {figure.anchor: figure for figure in (build(policy) for build in _BUILDERS)}
    return tuple(made[anchor] for anchor in ANCHORS)


def _as_of(_policy: Policy | None) -> Figure:
    return Figure(
        "as-of",
        say(_("截至哪一天,当时知道什么")),
        None,
        (
            say(
                _(
                    "每个数字都说的是某一天(截至日期),默认是年度的数据截止日;只算那一天已经生效的状态、报告和计划。"
                )
            ),
            say(
                _(
                    "另外可以指定“当时已录入的”(known_at):只算到那个时刻为止录入的内容。同样的一对时间,永远得到同样的答案。"
                )
            ),
            say(_("报告和计划只增加、不改写;更正是新的一条,写明原因,原来的保留。")),
            say(_("数据截止日以后不公布亮灯:还没有要求上报的,不算滞后。日期都按北京时间。")),
        ),
    )


def _published(_policy: Policy | None) -> Figure:
    return Figure(
        "published",
        say(_("公布的数字和计算的数字")),
        None,
        (
            say(_("“公布”:照原文登记,连同“余”这样的限定词、来源和日期,不改动、不重算。")),
            say(_("“计算”:由登记的数据算出,附算式、分母、截至日期和缺了几部分。")),
            say(_("没有目标写“无目标”,没有报告写“未上报”,没有公布写“未公布”,都不写 0。")),
            say(_("用了演示点位的数字都标“演示”。")),
        ),
    )


def _completion(_policy: Policy | None) -> Figure:
    return Figure(
        "completion",
        say(_("完成率")),
        say(_("完成率 = 已完成的点位数 ÷ 列入计划且未取消的点位数")),
        (
            say(_("列入:对本年度至少一个指标有贡献、已公开、未取消的点位。存量设施不算。")),
            say(_("已完成:已完工或已核验。“开工建设”类的指标,开工即算完成(它还不能给市民用)。")),
            say(_("点位算在负责它的区划;地图按点位所在的区划显示。两种数字不相加。")),
            say(
                _(
                    "指标完成率 = 完成数 ÷ 目标,最高 100%;超额完成的部分另外列出。"
                    "“其中”指标已含在上一级里,不再相加。"
                )
            ),
            say(_("分母为零时写“–”,不写 0%。")),
        ),
    )


def _due(_policy: Policy | None) -> Figure:
    return Figure(
        "due",
        say(_("应完成、逾期和计划进度")),
        say(_("计划进度 = 已过天数 ÷ 计划天数(有节点的,按节点折线)")),
        (
            say(
                _("应完成:基线完工日期(开工建设类为基线开工日期)不晚于截至日期的点位。逾期:其中没有完成的。")
            ),
            say(_("提前完成的点位不能抵消逾期的。没有计划日期的点位不计入应完成,页面写出有多少个。")),
            say(_("计划开始日为 0%,计划完成日为 100%;以前是 0,以后是 100%。")),
            say(_("基线是最初的计划,不会改变。经批准(有文号)的调整另外显示;调整不等于按期。")),
        ),
    )


def _reported_counted(_policy: Policy | None) -> Figure:
    return Figure(
        "reported-counted",
        say(_("上报和点位统计")),
        None,
        (
            say(_("两个数字,分开列,从不相互替代。")),
            say(_("点位统计:已完成点位的个数,或它们的贡献量之和;没有点位写“无点位”。")),
            say(_("上报:区县或部门上报的完成数;没有写“未上报”。")),
            say(_("“按上报数”计的指标(人次、场、公里)没有点位,只看上报。")),
        ),
    )


def _divergence(policy: Policy | None) -> Figure:
    return Figure(
        "divergence",
        say(_("上报和统计差得多")),
        say(_("差 = 上报进度 − 点位统计的完成率(最多算 100%),单位百分点")),
        (
            *(() if policy is None else (divergence_sentence(policy.divergence),)),
            say(_("标记只说两个数字对不上,不说谁错。统计高于上报的不标。")),
        ),
    )


def _mean(_policy: Policy | None) -> Figure:
    return Figure(
        "mean",
        say(_("平均进度")),
        say(_("平均进度 = 各部分的进度之和 ÷ 有进度的部分数;加权的,除以这些部分的权重之和")),
        (
            say(_("“各项目的平均”和“各类平均的平均”是两个数字,各自标明,不混用。")),
            say(_("每个部分最多算 100%:超额完成不能掩盖别处的滞后。")),
            say(_("没有上报或没有目标的部分不进分子、也不进分母,页面写出缺了几个。")),
        ),
    )


def _lights(policy: Policy | None) -> Figure:
    return Figure(
        "lights",
        say(_("怎样亮灯")),
        say(_("滞后(百分点)= 计划进度 − 实际进度;占应完成量的百分比 = 滞后 ÷ 计划进度")),
        (
            say(_("蓝灯:已核验。已完工、还没有核验的为绿灯。没有计划、已暂停、已取消的没有灯。")),
            say(_("没有上报按没有完成评定,原因写“未上报进度”;实际进度仍写“未上报”,不写 0%。")),
            say(_("有几条同时成立时取最重的。月份在它的最后一天才算过完。")),
            say(_("规则是数据,带版本;用过的版本不能改,只能另立新版。")),
        ),
        () if policy is None else tuple(lag_examples(policy)),
        () if policy is None else policy_explained(policy),
    )


def _months(policy: Policy | None) -> Figure:
    judged = () if policy is None else months_explained(policy)
    none = say(_("现行规则不按月评定;下面是按月评定时的算法。"))
    return Figure(
        "months",
        say(_("按月评定")),
        say(_("当月完成 = 月末的实际进度 ≥ 月末的计划进度 × 规则所定的比例")),
        (
            *(() if policy is None or judged else (none,)),
            say(
                _(
                    "补上:以后某天的实际进度达到了那个月月末的计划进度。未完成的月份永远记为未完成,补上另外记日期。"
                )
            ),
            say(_("计划完成日以后,没有做完的每个月都算未完成。已暂停或已取消的点位,那个月不评。")),
        ),
        explained=judged,
    )


def _funds(_policy: Policy | None) -> Figure:
    return Figure(
        "funds",
        say(_("资金使用率")),
        say(_("使用率 = 使用 ÷ 安排;合计由总额相除,不取比率的平均")),
        (
            say(_("一个来源只要有一笔没有使用数,就写“未公布”:一部分的和不是数字。")),
            say(_("使用超过安排的照实写(使用率超过 100%),并标“超支”。")),
            say(_("由总数减去已知来源得出的余数,标明是余数。")),
        ),
        (funds_example(),),
    )


def _funds_schedule(policy: Policy | None) -> Figure:
    funding = None if policy is None else policy.funding
    return Figure(
        "funds-schedule",
        say(_("资金的序时进度")),
        say(_("序时进度 = 已结束的月数 ÷ 年度的月数;领先 = 使用率 − 序时进度,单位百分点")),
        (
            say(_("按月不按天:月份在最后一天才算结束。")),
            *(() if funding is None else (say(_("评定资金的灯另有算法:")), *schedule_sentences(funding))),
        ),
        (*closed_month_examples(), *(() if policy is None else spending_examples(policy))),
    )


def _satisfaction(_policy: Policy | None) -> Figure:
    return Figure(
        "satisfaction",
        say(_("满意度测评")),
        say(_("满意票 ≥ 基数的一半为满意;否则满意票 + 基本满意票 ≥ 一半为基本满意;否则为不满意")),
        (
            say(_("这是镇海区的规则。应到和实到都登记,每次测评写明哪一个是基数。弃权的算在基数里。")),
            say(_("原文对恰好一半的情形前后不一,本系统取高的一档,并注明。")),
        ),
        tuple(vote_examples()),
    )


def _working_days(_policy: Policy | None) -> Figure:
    return Figure(
        "working-days",
        say(_("工作日")),
        say(_("期限 = 起算日之后的第几个工作日,起算日当天不算")),
        (
            say(_("按每年的节假日安排和调休计算:本市载入的表优先,其次是随程序库更新的国务院办公厅通知。")),
            say(_("还没有公布安排的年份暂按周末计算,凡是用到的地方都注明“暂定”,不猜。")),
        ),
    )


def _verification(_policy: Policy | None) -> Figure:
    return Figure(
        "verification",
        say(_("核验和抽样")),
        say(_("抽样编号 = “年度代码|轮次名称|种子|点位公开号”的 SHA-256;各区县取编号最小的几个")),
        (
            say(_("已核验:申报完工后,由没有填报过它的人逐级看过并通过;做哪几级由年度决定。")),
            say(_("退回整改的,阶段由退回的人定:小问题仍算已完工;没有建成的退回建设中,自核验日起不算完成。")),
            say(_("抽样时,未抽中的点位在抽中的都到访以后,随该轮一起通过;核验记录写明是哪一种。")),
            say(
                _(
                    "取几个:点位数 × 比例,进一,不少于最少数,不多于最多数。"
                    "种子先声明后抽样,抽样框(符合条件的点位名单)抽样时冻结,并公布 SHA-256,任何人都能重算。"
                )
            ),
            say(_("不合格率附 95% 区间(Wilson 公式);抽得少,区间就宽,不作排名。")),
        ),
    )


def _ranking(_policy: Policy | None) -> Figure:
    return Figure(
        "ranking",
        say(_("排名")),
        None,
        (
            say(_("亮灯、滞后原因、排名、满意度是否公开,由年度自己决定,默认不公开。")),
            say(
                _(
                    "不公布排名时,区县按区划代码排列。公布时按完成率从高到低;相同的并列,没有数字的排在最后、不计名次。"
                )
            ),
        ),
    )


_BUILDERS: Final[Iterable[Callable[[Policy | None], Figure]]] = (
    _as_of,
    _published,
    _completion,
    _due,
    _reported_counted,
    _divergence,
    _mean,
    _lights,
    _months,
    _funds,
    _funds_schedule,
    _satisfaction,
    _working_days,
    _verification,
    _ranking,
)
