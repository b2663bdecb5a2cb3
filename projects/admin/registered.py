"""Importing this registers every ModelAdmin; config.staffadmin does, once the models are there."""

from projects.admin import (  # noqa: F401
    areas,
    audit,
    calendar,
    checklists,
    closings,
    divisions,
    funding,
    importbatches,
    people,
    phases,
    policies,
    programmes,
    reports,
    samples,
    satisfaction,
    sites,
    stagedimports,
    subjectlights,
    targets,
    verifydesk,
)
