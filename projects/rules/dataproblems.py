"""What is wrong, or likely to be wrong, with one site's data, each with a sentence that a person can act on.

Pure. What depends on borders, on other sites or on today is handed in. Nothing here stops anybody from
saving: these are questions for whoever knows the place. What cannot be at all is refused by the actions.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from projects.rules.errors import gettext_noop as _
from projects.rules.sentences import Sentence, say
from projects.rules.vocabulary import FINISHED, UNDER_WAY, Publication, Service, Stage, Word

#: A service that citizens rely on is looked at again after so many days (half a year).
STALE_AFTER: Final = dt.timedelta(days=183)
#: Sites of one kind and one name nearer than this are taken for one place entered twice, metres.
TWIN_METRES: Final = 30.0


class Problem(Word):
    """Kinds of doubt, the most serious first."""

    OUTSIDE = "outside", _("不在登记的所在区划内")
    APART = "apart", _("位置与管理区划不同")
    TWIN = "twin", _("疑似重复登记")
    OPEN_EARLY = "open_early", _("没建成却标为开放")
    STOPPED_OPEN = "stopped_open", _("暂停或取消却标为开放")
    UNDATED = "undated", _("已完工没有完工日期")
    UNPLANNED = "unplanned", _("在建没有计划日期")
    UNCOUNTED = "uncounted", _("在建却不计入任何指标")
    FUTURE = "future", _("日期在今天之后")
    STALE = "stale", _("服务状态很久没有核实")
    PHONE = "phone", _("电话认不出")
    ATTRIBUTES = "attributes", _("设施信息没有填")


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """One site as these rules look at it. `attributes`: the labels of its kind's fields, when none at all is
    filled in. `counts`: it counts towards some indicator. `is_outside`, `is_apart`, `has_twin`: from borders,
    the tree and the other sites.
    """

    stage: Stage
    service: Service
    publication: Publication
    counts: bool = False
    has_plan: bool = False
    started_on: dt.date | None = None
    finished_on: dt.date | None = None
    service_checked_on: dt.date | None = None
    phone: str = ""
    attributes: Sequence[str] = field(default_factory=tuple)
    is_outside: bool = False
    is_apart: bool = False
    has_twin: bool = False


def problems(
    facts: SiteFacts, today: dt.date, as_of: dt.date | None = None
) -> Iterator[tuple[Problem, Sentence]]:
    """Everything that is doubtful about a site, the most serious first.

    `today`: what lies after it has not happened. `as_of`: the day that the figures are about (today), on
    which a check is recent or not.
    """
    if facts.is_outside:
        yield Problem.OUTSIDE, say(_("坐标不在登记的所在区划之内,请核对位置和坐标系。"))
    if facts.is_apart:
        yield Problem.APART, say(_("位置在一个区划,由另一个区划管理;确实如此可以不改。"))
    if facts.has_twin:
        sentence = _("{metres} 米之内有同种类、同名称的点位,是不是登记了两次?")
        yield Problem.TWIN, say(sentence, metres=int(TWIN_METRES))
    yield from _of_stage(facts)
    yield from _of_days(facts, today, as_of or today)
    if facts.phone and not is_phone(facts.phone):
        yield Problem.PHONE, say(_("电话“{phone}”认不出,市民拨不通。"), phone=facts.phone[:40])
    if facts.attributes:
        yield Problem.ATTRIBUTES, say(_("没有填:{fields}。"), fields="、".join(facts.attributes))


def _of_stage(facts: SiteFacts) -> Iterator[tuple[Problem, Sentence]]:
    if facts.service is Service.OPEN and facts.stage in UNDER_WAY:
        sentence = _("建设阶段是{stage},服务状态却是开放;请改其中一个。")
        yield Problem.OPEN_EARLY, say(sentence, stage=facts.stage)
    if facts.service is Service.OPEN and facts.stage in (Stage.SUSPENDED, Stage.CANCELLED):
        sentence = _("建设阶段是{stage},服务状态却是开放;请改其中一个。")
        yield Problem.STOPPED_OPEN, say(sentence, stage=facts.stage)
    if facts.counts and facts.stage in FINISHED and facts.finished_on is None:
        yield Problem.UNDATED, say(_("已完工,没有实际完工日期;统计按登记之日算。"))
    if facts.counts and facts.stage in UNDER_WAY and not facts.has_plan:
        yield Problem.UNPLANNED, say(_("计入指标、还没完工,却没有计划日期,亮灯无法评定。"))
    if not facts.counts and facts.stage in UNDER_WAY and facts.publication is Publication.PUBLISHED:
        yield Problem.UNCOUNTED, say(_("在建并已公开,却不计入任何指标;请在“贡献”里补上。"))


def _of_days(facts: SiteFacts, today: dt.date, as_of: dt.date) -> Iterator[tuple[Problem, Sentence]]:
    for day in (facts.started_on, facts.finished_on, facts.service_checked_on):
        if day is not None and day > today:
            sentence = _("{day} 在今天之后:开工、完工和核实日期只能是已经发生的。")
            yield Problem.FUTURE, say(sentence, day=day.isoformat())
            break
    checked = facts.service_checked_on
    is_relied_on = facts.service is Service.OPEN and facts.publication is Publication.PUBLISHED
    if is_relied_on and checked is not None and is_stale(checked, as_of):
        yield Problem.STALE, say(_("{day} 以后没有再核实过能不能用。"), day=checked.isoformat())


def is_stale(checked: dt.date, as_of: dt.date) -> bool:
    """Whether a service was last checked too long before a day."""
    return as_of - checked > STALE_AFTER


_DIGITS: Final = re.compile(r"[0-9]+")
_SEPARATORS: Final = re.compile(r"[、,,;;/\\|]| 或 |或|\s{2,}")
_DECORATION: Final = re.compile(r"[\s()()\-—–‐转分机号电话:::.+]|ext\.?", re.IGNORECASE)


def is_phone(text: str) -> bool:
    """Whether every number in a telephone field can be dialled in China.

    A service number (110, 12345, 95598), a mobile number (11 digits from 13 on), 400/800, or a subscriber's
    number of 7 or 8 digits, with or without area code, country code and extension (转).
    """
    parts = [part for part in _SEPARATORS.split(unicodedata.normalize("NFKC", text)) if part.strip()]
    return bool(parts) and all(_is_number(part) for part in parts)


def _is_number(text: str) -> bool:
    head, _turn, extension = re.sub(r"ext\.?|分机", "转", text, flags=re.IGNORECASE).partition("转")
    digits = _DECORATION.sub("", head)
    tail = _DECORATION.sub("", extension)
    if not _DIGITS.fullmatch(digits) or (tail and not (_DIGITS.fullmatch(tail) and len(tail) <= 6)):
        return False
    digits = re.sub(r"^(?:0086|86(?=1[3-9]\d{9}$|0\d{9,11}$))", "", digits)
    shapes = (r"1[3-9]\d{9}", r"(?:400|800)\d{7}", r"0[12]\d\d{8}", r"0[3-9]\d\d\d{7,8}", r"[2-8]\d{6,7}",
              r"1\d{2}", r"1[02]\d{3}", r"9\d{4}")  # fmt: skip
    return any(re.fullmatch(shape, digits) for shape in shapes)


def name_key(name: str) -> str:
    """A name without what people write differently: width, case, blanks, brackets and dashes."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in text if unicodedata.category(letter)[0] in "LN")
