"""Headers of the columns that hold the attributes of a facility kind, for programs and for people."""

import re
from typing import Final

from projects.exchange.headers import clean_header

ATTRIBUTES: Final = "attributes."
# The name for people, then the field in brackets, plain or full-width.
_LABELLED: Final = re.compile(r".*[(\uff08](attributes\.[^()\uff08\uff09]+)[)\uff09]", re.IGNORECASE)
_NO_BRACKETS: Final = str.maketrans("()\uff08\uff09", "[][]")


def attribute_header(key: str, label: str) -> str:
    """What heads an attribute's column in a workbook; import recognises it."""
    plain = clean_header(label.translate(_NO_BRACKETS))
    return f"{plain}({ATTRIBUTES}{key})" if plain and plain != key else f"{ATTRIBUTES}{key}"


def attribute_of(header: str) -> str:
    """The field of an attribute's header, `attributes.key` or `名称(attributes.key)`; empty for any other."""
    labelled = _LABELLED.fullmatch(header)
    text = labelled[1] if labelled else header
    field = ATTRIBUTES + text[len(ATTRIBUTES) :]
    return field if text.lower().startswith(ATTRIBUTES) and field != ATTRIBUTES else ""
