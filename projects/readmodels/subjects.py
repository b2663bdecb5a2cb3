"""What lights are about besides sites, named once: indicators in divisions, divisions, projects, money."""

from dataclasses import dataclass

from projects.rules.vocabulary import Subject


@dataclass(frozen=True, slots=True, order=True)
class SubjectRef:
    """One subject. `key` is `LightSpan.subject_key`; the ids are those of its rows.

    The city's own indicators have the programme's division. A division is judged once for each programme.
    """

    key: str
    kind: Subject
    programme_id: int
    indicator_id: int | None = None
    division_id: int | None = None
    project_id: int | None = None
    funding_line_id: int | None = None


def of_indicator(programme_id: int, indicator_id: int, division_id: int) -> SubjectRef:
    return SubjectRef(
        f"indicator:{indicator_id}:division:{division_id}",
        Subject.INDICATOR,
        programme_id,
        indicator_id=indicator_id,
        division_id=division_id,
    )


def of_division(programme_id: int, division_id: int) -> SubjectRef:
    key = f"division:{division_id}:programme:{programme_id}"
    return SubjectRef(key, Subject.DIVISION, programme_id, division_id=division_id)


def of_project(programme_id: int, project_id: int) -> SubjectRef:
    return SubjectRef(f"project:{project_id}", Subject.PROJECT, programme_id, project_id=project_id)


def of_line(programme_id: int, line_id: int, division_id: int | None = None) -> SubjectRef:
    return SubjectRef(
        f"funding:{line_id}",
        Subject.FUNDING,
        programme_id,
        division_id=division_id,
        funding_line_id=line_id,
    )


def kind_of(key: str) -> Subject:
    """What a stored key is about. ValueError for one that is none."""
    return Subject(key.partition(":")[0])
