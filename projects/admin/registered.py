"""Importing this registers every ModelAdmin and their checks, once the models are there."""

from projects.admin import (  # noqa: F401
    areas,
    audit,
    calendar,
    checks,
    closings,
    divisions,
    funding,
    people,
    phases,
    policies,
    programmes,
    reports,
    satisfaction,
    sites,
    subjectlights,
    targets,
)
