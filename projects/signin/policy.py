"""Who logs in with a second factor (settings TWO_FACTOR, TWO_FACTOR_ROLES)."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from projects.models import Membership, User

OFF, REQUIRED = "off", "required"


def is_offered() -> bool:
    return bool(settings.TWO_FACTOR != OFF)


def asks_for_code(user: User) -> bool:
    """Who has a second factor is asked for it, whether it is required or not."""
    return is_offered() and user.second_factor_since is not None


def must_have_factor(user: User) -> bool:
    """Whether one of the roles in force needs a second factor. Demo accounts do without in demo mode."""
    if settings.TWO_FACTOR != REQUIRED or (settings.DEMO and user.is_demo):
        return False
    today = timezone.localdate()
    held = Membership.objects.filter(user=user, role__in=settings.TWO_FACTOR_ROLES)
    held = held.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=today))
    return held.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=today)).exists()


def is_enough(user: User | AnonymousUser, *, has_passed: bool) -> bool:
    """Whether a log-in that did or did not pass the second step is one at all."""
    if has_passed or not is_offered() or not isinstance(user, User):
        return True
    return not asks_for_code(user) and not must_have_factor(user)
