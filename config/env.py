"""Read settings from the process environment and from the generated file `var/env`.

The process environment wins. Every reader refuses nonsense with the name of the variable, so that a
typing error stops the start instead of being served.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
ENV_FILE = BASE_DIR / "var" / "env"

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingsError(Exception):
    """A setting is missing or makes no sense; the text names it and says what to do."""


def parse_env_file(text: str, origin: str) -> dict[str, str]:
    """`NAME=value` lines; blank lines and lines that start with `#` are passed over.

    Raises SettingsError with the line's number for anything else.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, sign, value = line.partition("=")
        if not sign or not name.strip().isidentifier():
            raise SettingsError(f"{origin}, line {number}: expected NAME=value, found {line!r}")
        values[name.strip()] = value.strip()
    return values


class Environment:
    """One look-up over the process environment and the generated file."""

    def __init__(self, process: Mapping[str, str], file_values: Mapping[str, str]) -> None:
        self._values = {**file_values, **process}

    @classmethod
    def load(cls, path: Path | None = None) -> "Environment":
        path = path or Path(os.environ.get("ENV_FILE", ENV_FILE))
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            text = ""
        except OSError as problem:
            raise SettingsError(f"{path} cannot be read: {problem.strerror}") from problem
        return cls(os.environ, parse_env_file(text, str(path)))

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, default)

    def secret(self, name: str) -> str:
        """A value that must be generated: there is no default, on purpose."""
        value = self._values.get(name, "")
        if len(value) < 32:
            raise SettingsError(
                f"{name} is missing or shorter than 32 characters: run script/server once (it writes "
                f"var/env), or set {name} in the environment"
            )
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._values.get(name)
        if value is None:
            return default
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise SettingsError(f"{name} must be 1 or 0, found {value!r}")

    def whole(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self._values.get(name)
        if value is None or value == "":
            return default
        if not value.isascii() or not value.lstrip("-").isdigit() or not low <= int(value) <= high:
            raise SettingsError(f"{name} must be a whole number from {low} to {high}, found {value!r}")
        return int(value)

    def items(self, name: str, default: str = "") -> list[str]:
        return [item.strip() for item in self.text(name, default).split(",") if item.strip()]

    def choice(self, name: str, allowed: frozenset[str], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise SettingsError(f"{name} must be one of {', '.join(sorted(allowed))}; found {value!r}")
        return value

    def several(self, name: str, allowed: frozenset[str], default: str) -> list[str]:
        found = self.items(name, default)
        for value in found:
            if value not in allowed:
                raise SettingsError(f"{name} takes {', '.join(sorted(allowed))}; found {value!r}")
        return found

    def networks(self, name: str) -> list[str]:
        """Addresses and networks (10.0.0.0/8) in their usual form."""
        found = []
        for value in self.items(name):
            try:
                found.append(str(ipaddress.ip_network(value)))
            except ValueError:
                raise SettingsError(
                    f"{name} takes addresses and networks such as 127.0.0.1 or 10.0.0.0/8; found {value!r}"
                ) from None
        return found
