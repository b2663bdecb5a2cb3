from django.apps import AppConfig
from django.db.backends.signals import connection_created


class MapsConfig(AppConfig):
    """The geospatial toolkit. It knows nothing of projects."""

    name = "maps"

    def ready(self) -> None:
        from maps.sqlite import set_busy_timeout

        connection_created.connect(set_busy_timeout, dispatch_uid="maps.set_busy_timeout")
