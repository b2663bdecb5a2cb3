"""Divisions by what files call them: name, code, former name or code, name without 区/县/市."""

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from projects.exchange.formerdivisions import BY_WORD
from projects.rules.vocabulary import DivisionLevel

_SUFFIX: Final = re.compile(r"(自治县|新区|区|县|市)$")

_NAME_AND_CODE: Final = re.compile(r"(?P<name>[^()]+)\((?P<code>[0-9a-z]+)\)")


@dataclass(frozen=True, slots=True)
class DivisionRef:
    """A division as an import needs it; `left` and `right` are today's tree interval."""

    id: int
    code: str
    name: str
    level: str
    left: int
    right: int
    valid_to: dt.date | None = None

    def __str__(self) -> str:
        return f"{self.name}({self.code})"

    @property
    def is_zone(self) -> bool:
        """Beside the counties: it overlaps them and contradicts none."""
        return self.level == DivisionLevel.ZONE.value

    def contains(self, other: "DivisionRef") -> bool:
        """Whether `other` is this division or lies within it today."""
        return self.left <= other.left <= self.right


@dataclass(frozen=True, slots=True)
class AliasRef:
    """A name or code under which a division was known, and until when (None: still is)."""

    division_id: int
    value: str
    valid_to: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a stated name or code means; `note` when it is a former one."""

    divisions: tuple[DivisionRef, ...]
    note: str = ""


class Gazetteer:
    """Looks up what a file states. Ambiguous names give several divisions: the geometry decides."""

    def __init__(self, divisions: Iterable[DivisionRef], aliases: Iterable[AliasRef] = ()) -> None:
        self.by_id = {division.id: division for division in divisions}
        self._current: defaultdict[str, list[DivisionRef]] = defaultdict(list)
        self._short: defaultdict[str, list[DivisionRef]] = defaultdict(list)
        self._former: defaultdict[str, list[AliasRef]] = defaultdict(list)
        for division in self.by_id.values():
            self._current[_key(division.code)].append(division)
            self._current[_key(division.name)].append(division)
            short = _SUFFIX.sub("", division.name)
            if len(short) >= 2 and short != division.name:
                self._short[_key(short)].append(division)
        for alias in aliases:
            if alias.division_id in self.by_id:
                self._former[_key(alias.value)].append(alias)

    def find(self, stated: str) -> Found:
        """What a name or code can mean: today's names first, then former ones, then short ones, then those of
        counties that are no more."""
        key = _key(stated)
        if current := self._current.get(key):
            return Found(tuple(current))
        if former := self._former.get(key):
            divisions = tuple({alias.division_id: self.by_id[alias.division_id] for alias in former}.values())
            return Found(divisions, _former_note(stated, former[0], divisions[0]))
        if short := self._short.get(key):
            return Found(tuple(short))
        if both := self._both(key):
            return Found(both)
        return self._successors(stated, key)

    def _successors(self, stated: str, key: str) -> Found:
        """Where the area of an abolished county belongs now, if that is known and here."""
        former = BY_WORD.get(key)
        if former is None:
            return Found(())
        now = tuple(d for d in self.by_id.values() if d.code in former.now and d.valid_to is None)
        if not now:
            return Found(())
        note = _("“%(stated)s”已撤销(%(until)d 年),现在是 %(division)s。") % {
            "stated": stated,
            "until": former.until,
            "division": "、".join(map(str, now)),
        }
        return Found(now, note)

    def _both(self, key: str) -> tuple[DivisionRef, ...]:
        """A name with its code in brackets, as messages and workbooks write it: both must agree."""
        parts = _NAME_AND_CODE.fullmatch(key)
        if parts is None:
            return ()
        named = {division.id for division in self.find(parts["name"]).divisions}
        return tuple(division for division in self._current.get(parts["code"], []) if division.id in named)

    def names(self) -> str:
        """The divisions that can be stated, for a problem's `allowed`."""
        counties = [str(d) for d in self.by_id.values() if d.level == DivisionLevel.COUNTY.value]
        shown = counties or [str(division) for division in self.by_id.values()]
        return "、".join(shown[:30]) + ("…" if len(shown) > 30 else "")


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return "".join(plain.removesuffix(".0").split())


def _former_note(stated: str, alias: AliasRef, division: DivisionRef) -> str:
    if alias.valid_to is None:
        return _("“%(stated)s”是 %(division)s 的另一名称或代码。") % {"stated": stated, "division": division}
    return _("“%(stated)s”是 %(division)s 的旧名称或旧代码(用到 %(until)s)。") % {
        "stated": stated,
        "division": division,
        "until": alias.valid_to,
    }
