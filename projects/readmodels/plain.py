"""Plain values as JSON writes them: one rule for the API, commands and files."""

from decimal import Decimal


def number(value: Decimal | None) -> int | float | None:
    """A decimal as the shortest JSON number that says the same."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def money(value: Decimal | None) -> str | None:
    """Yuan as text, exact to the fen."""
    return None if value is None else f"{value:.2f}"
