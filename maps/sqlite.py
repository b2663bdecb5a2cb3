"""What SQLite needs set on every new connection."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

#: Milliseconds that a writer waits for another one.
BUSY_TIMEOUT_MS = 20_000


def set_busy_timeout(sender: object, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Set the waiting time after SpatiaLite is loaded: loading it resets the value to 5,000 ms.

    The `connection_created` signal is the first moment after that, which is why OPTIONS cannot do it.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
