"""Import batches: who sees which, and which sites one wrote."""

from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Cast

from projects.admin.scope import is_unlimited
from projects.models import AuditEntry, ImportBatch
from projects.permissions.access import Access, Permission, holds

_LONGEST_NUMBER = 18


def batches_of(access: Access) -> QuerySet[ImportBatch]:
    """Who may see every site sees every batch; others who import see their own."""
    if not holds(access, Permission.IMPORT_RUN):
        return ImportBatch.objects.none()
    if is_unlimited(access, Permission.IMPORT_RUN):
        return ImportBatch.objects.all()
    return ImportBatch.objects.filter(recorded_by_id=access.user_id, recorded_by__isnull=False)


def batch_of(access: Access, number: str | None) -> ImportBatch | None:
    """The batch with this number, if it is one of theirs."""
    if not number or not number.isascii() or not number.isdigit() or len(number) > _LONGEST_NUMBER:
        return None
    return batches_of(access).filter(pk=int(number)).first()


def entries_of(batch: ImportBatch) -> QuerySet[AuditEntry]:
    """What the batch wrote, in the chain."""
    return AuditEntry.objects.filter(seq__gte=batch.first_seq or 0, seq__lte=batch.last_seq or -1)


def site_ids_of(batch: ImportBatch) -> QuerySet[AuditEntry, int]:
    """Ids of the sites that the batch wrote, whoever may see them (a sub-query)."""
    entries = entries_of(batch).filter(subject_type="site").order_by()
    return entries.annotate(site=Cast("subject_id", BigIntegerField())).values_list("site", flat=True)
