"""Reading policy JSON strictly: every refusal says where, what was found and what is allowed."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from projects.rules.errors import RuleError
from projects.rules.errors import gettext_noop as _

W = TypeVar("W", bound=StrEnum)

#: Months after any day of a plan stay within the calendar, and a version fits its column.
MOST = 10_000


class PolicyError(RuleError):
    """Policy data that cannot be read: says where in it, what was found, what is allowed."""


class Node:
    """One JSON object and where it stands, read key by key with a sentence for every refusal."""

    def __init__(self, data: object, path: str) -> None:
        if not isinstance(data, Mapping):
            raise PolicyError(_("{path} 应为一个 JSON 对象。"), path=path or _("规则"))
        self.data: Mapping[str, object] = data
        self.path = path

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def only(self, *allowed: str) -> None:
        for key in self.data:
            if key not in allowed:
                raise PolicyError(
                    _("{path} 是不认识的项;此处只允许:{allowed}。"),
                    path=self.at(str(key)),
                    allowed="、".join(allowed),
                )

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def get(self, key: str) -> object:
        if not self.has(key):
            raise PolicyError(_("缺少 {path}。"), path=self.at(key))
        return self.data[key]

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value.strip():
            raise PolicyError(_("{path} 应为非空文字,现为 {found}。"), path=self.at(key), found=repr(value))
        if "\x00" in value:
            raise PolicyError(_("{path} 不能含有空字符(NUL)。"), path=self.at(key))
        return value

    def optional_text(self, key: str) -> str:
        """Empty where the key is not given."""
        return self.text(key) if self.has(key) else ""

    def whole(self, key: str) -> int:
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise PolicyError(
                _("{path} 应为不小于 1 的整数,现为 {found}。"), path=self.at(key), found=repr(value)
            )
        if value > MOST:
            raise PolicyError(_("{path} 太大,最大为 {most}。"), path=self.at(key), most=MOST)
        return value

    def percent(self, key: str) -> Decimal:
        """A decimal 0-100. A JSON fraction is refused: 0.1 in binary is not 0.1; write it as text."""
        value = self.get(key)
        try:
            if isinstance(value, bool) or not isinstance(value, int | str):
                raise InvalidOperation
            number = Decimal(value)
            if not (number.is_finite() and 0 <= number <= 100):
                raise InvalidOperation
        except InvalidOperation:
            raise PolicyError(
                _('{path} 应为 0 到 100 的整数或文字数字(如 "12.5"),现为 {found}。'),
                path=self.at(key),
                found=repr(value),
            ) from None
        return number

    def word(self, key: str, words: type[W]) -> W:
        value = self.get(key)
        for word in words:
            if word.value == value:
                return word
        raise PolicyError(
            _("{path} 为 {found},只允许:{allowed}。"),
            path=self.at(key),
            found=repr(value),
            allowed="、".join(word.value for word in words),
        )

    def child(self, key: str) -> "Node":
        return Node(self.get(key), self.at(key))

    def children(self, key: str) -> list["Node"]:
        if not self.has(key):
            return []
        items = self.data[key]
        if not isinstance(items, list | tuple):
            raise PolicyError(_("{path} 应为一个列表。"), path=self.at(key))
        return [Node(item, f"{self.at(key)}[{index}]") for index, item in enumerate(items)]
