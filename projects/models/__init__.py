"""State. One file per aggregate; rules live in projects.rules, writes in projects.actions."""

from projects.models.areas import StoredArea
from projects.models.authenticators import Authenticator, RecoveryCode
from projects.models.calendar import HolidayTable
from projects.models.changes import AuditEntry, ChangeHead
from projects.models.checkpoints import Checkpoint
from projects.models.closings import CorrectionRequest, PeriodClosing
from projects.models.divisions import Boundary, Division, DivisionAlias, DivisionParent
from projects.models.facilities import FacilityKind
from projects.models.feedback import Feedback
from projects.models.formdrafts import FormDraft
from projects.models.funding import FundingArrangement, FundingLine, FundingReport
from projects.models.imports import ImportBatch
from projects.models.indicatorplans import IndicatorPlan
from projects.models.lights import LightSpan, MonthResult, YearResult
from projects.models.orders import OrderEvent, OrderScheme, SupervisionOrder
from projects.models.people import Department, Membership, User
from projects.models.phases import Phase, PhaseReport
from projects.models.photos import Photo, PhotoDecision
from projects.models.policies import LagPolicy
from projects.models.programmes import (
    Category,
    DivisionTarget,
    Indicator,
    Programme,
    Project,
    PublishedFigure,
)
from projects.models.reports import IndicatorReport, SiteReport
from projects.models.rollups import RollUp, RollUpStep
from projects.models.samples import Sample, SampledSite, SampleFrame
from projects.models.satisfaction import SatisfactionVote
from projects.models.sites import Contribution, PlanChange, Site, SiteState
from projects.models.staging import ColumnMemory, StagedImport, StagedProblem, StagedRow
from projects.models.standings import SiteStanding
from projects.models.submissions import Submission
from projects.models.targets import TargetStatement
from projects.models.verification import Checklist, Rework, Verification, VerificationScheme

__all__ = [
    "AuditEntry",
    "Authenticator",
    "Boundary",
    "Category",
    "ChangeHead",
    "Checklist",
    "Checkpoint",
    "ColumnMemory",
    "Contribution",
    "CorrectionRequest",
    "Department",
    "Division",
    "DivisionAlias",
    "DivisionParent",
    "DivisionTarget",
    "FacilityKind",
    "Feedback",
    "FormDraft",
    "FundingArrangement",
    "FundingLine",
    "FundingReport",
    "HolidayTable",
    "ImportBatch",
    "Indicator",
    "IndicatorPlan",
    "IndicatorReport",
    "LagPolicy",
    "LightSpan",
    "Membership",
    "MonthResult",
    "OrderEvent",
    "OrderScheme",
    "PeriodClosing",
    "Phase",
    "PhaseReport",
    "Photo",
    "PhotoDecision",
    "PlanChange",
    "Programme",
    "Project",
    "PublishedFigure",
    "RecoveryCode",
    "Rework",
    "RollUp",
    "RollUpStep",
    "Sample",
    "SampleFrame",
    "SampledSite",
    "SatisfactionVote",
    "Site",
    "SiteReport",
    "SiteStanding",
    "SiteState",
    "StagedImport",
    "StagedProblem",
    "StagedRow",
    "StoredArea",
    "Submission",
    "SupervisionOrder",
    "TargetStatement",
    "User",
    "Verification",
    "VerificationScheme",
    "YearResult",
]
