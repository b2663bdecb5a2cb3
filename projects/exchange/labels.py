"""Names for people that import understands again: of divisions, kinds, and of the words of a column.

They are Chinese in every language: a workbook that was filled in on one screen is imported on another.
"""

from collections import Counter
from collections.abc import Iterable

from projects.models import Division, FacilityKind
from projects.rules.vocabulary import Light, Publication, Service, Stage


def division_labels(divisions: Iterable[Division] | None = None) -> dict[int, str]:
    """By id: the name, with the code in brackets where another division has the same name."""
    rows = list(Division.objects.live())
    said = Counter(row.name_zh for row in rows)
    wanted = rows if divisions is None else divisions
    return {row.pk: row.name_zh if said[row.name_zh] == 1 else f"{row.name_zh}({row.code})" for row in wanted}


def kind_labels() -> dict[int, str]:
    """By id: the name, or the slug where another kind has the same name."""
    rows = list(FacilityKind.objects.all())
    said = Counter(word for row in rows for word in {row.name_zh, row.name_en, row.slug} if word)
    return {row.pk: row.name_zh if said[row.name_zh] == 1 else row.slug for row in rows}


def word_of(field: str, value: object) -> str:
    """The Chinese term of a stored word; an empty text for none."""
    words = {"stage": Stage, "service": Service, "publication": Publication, "light": Light}
    return str(words[field](str(value)).term) if value else ""
