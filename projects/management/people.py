"""Finding the person that a command is about."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from projects.models import User


def find_user(username: str) -> User:
    """Raises CommandError (exit status 2) when there is no such account."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(_("没有账号 %(name)s。") % {"name": username}, returncode=2)
    return user
