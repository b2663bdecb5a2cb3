"""What a verifier looks at on the spot (核验清单): items as data, one list a kind, in versions."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, Final

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _
from projects.rules.vocabulary import Word

YES: Final = "yes"
NO: Final = "no"
MOST_ITEMS: Final = 40
LONGEST_TEXT: Final = 300
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELDS: Final = frozenset({"key", "zh", "en", "type", "required", "must", "unit", "reported"})
#: The list for kinds that have none of their own.
GENERAL: Final = ""


class ItemType(Word):
    """How an item is answered."""

    YES_NO = "yes_no", _("是否")
    NUMBER = "number", _("数字")
    TEXT = "text", _("文字")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to look at. `must`: "no" to it means that the site cannot pass. `reported`: the attribute of
    the site whose reported value is shown beside it.
    """

    key: str
    zh: str
    en: str = ""
    type: ItemType = ItemType.YES_NO
    required: bool = True
    must: bool = False
    unit: str = ""
    reported: str = ""


def items_of(rows: object) -> tuple[Item, ...]:
    """The items of stored or loaded data. RuleError that names the item."""
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_ITEMS:
        raise RuleError(_("核验清单须有 1 到 {most} 项。"), most=MOST_ITEMS)
    items = tuple(_item(number, row) for number, row in enumerate(rows, start=1))
    if len({item.key for item in items}) != len(items):
        raise RuleError(_("核验清单里有重复的代码。"))
    return items


def _item(number: int, row: Any) -> Item:
    if not isinstance(row, dict) or not row.keys() <= _FIELDS:
        raise RuleError(
            _("第 {number} 项写法不对,可用的字段:{fields}。"),
            number=number,
            fields=", ".join(sorted(_FIELDS)),
        )
    key, zh = row.get("key"), row.get("zh")
    texts = [row.get(name, "") for name in ("zh", "en", "unit", "reported")]
    if (
        not isinstance(key, str)
        or not _KEY.fullmatch(key)
        or not isinstance(zh, str)
        or not zh.strip()
        or any(not isinstance(text, str) or len(text) > LONGEST_TEXT for text in texts)
        or row.get("type", ItemType.YES_NO) not in set(ItemType)
        or any(not isinstance(row.get(name, False), bool) for name in ("required", "must"))
    ):
        raise RuleError(
            _("第 {number} 项不对:要有 key(小写字母、数字、下划线)和 zh;type 是 yes_no、number 或 text。"),
            number=number,
        )
    kind = ItemType(row.get("type", ItemType.YES_NO))
    must = bool(row.get("must", False))
    if must and kind is not ItemType.YES_NO:
        raise RuleError(_("第 {number} 项:只有“是否”项可以作为必过项。"), number=number)
    return Item(
        key,
        zh,
        row.get("en", ""),
        kind,
        bool(row.get("required", True)),
        must,
        row.get("unit", ""),
        row.get("reported", ""),
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as they are kept, and what is wrong with them: a sentence (msgid) by key."""

    given: Mapping[str, str]
    problems: Mapping[str, str]


def read_answers(items: Iterable[Item], typed: Mapping[str, str], *, is_pass: bool) -> Answers:
    """Answers to the items that somebody typed. Only a pass needs all that is required; a return says what
    was seen. What is no item's is left out.
    """
    given: dict[str, str] = {}
    problems: dict[str, str] = {}
    for item in items:
        text = typed.get(item.key, "").strip()
        if not text:
            if item.required and is_pass:
                problems[item.key] = _("请填写这一项。")
            continue
        problem = _problem(item, text, is_pass=is_pass)
        if problem:
            problems[item.key] = problem
        else:
            given[item.key] = text
    return Answers(given, problems)


def _problem(item: Item, text: str, *, is_pass: bool) -> str:
    if item.type is ItemType.YES_NO:
        if text not in (YES, NO):
            return _("请选“是”或“否”。")
        return _("这一项为“否”,不能通过;请选退回。") if item.must and is_pass and text == NO else ""
    if item.type is ItemType.NUMBER:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return _("请填数字。")
        return "" if number.is_finite() and abs(number) < Decimal(10) ** 12 else _("请填数字。")
    return "" if len(text) <= LONGEST_TEXT else _("太长了。")


@cache
def packaged() -> Mapping[str, tuple[str, Sequence[Mapping[str, Any]]]]:
    """The lists that come with the software: (name, items) by the kind's code, GENERAL for all others."""
    path = Path(__file__).with_name("checklists.json")
    return {row["kind"]: (row["name"], row["items"]) for row in json.loads(path.read_text("utf-8"))}
