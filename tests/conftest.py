"""Fixtures for every test: a small known world, and no stale index between tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db.backends.base.operations import BaseDatabaseOperations
from pytest_django.fixtures import Settings

from projects.api.answers import kept_answers
from projects.models import recordguards
from projects.readmodels import dataproblems, siteindex, siteshapes
from tests.factories import World, make_world

_CALM = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, suppress_health_check=_CALM)
hypothesis.settings.register_profile("long", max_examples=2000, deadline=None, suppress_health_check=_CALM)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True, scope="session")
def _flush_between_tests() -> Iterator[None]:
    """Tests with real transactions empty all tables afterwards, which the guards of records refuse.

    They are taken off for that, here and nowhere else: `manage.py flush` of an installation is refused.
    """
    emptied = BaseDatabaseOperations.execute_sql_flush

    def empty(operations: BaseDatabaseOperations, sql_list: Any) -> None:
        recordguards.lift(operations.connection)
        emptied(operations, sql_list)
        recordguards.install(operations.connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", empty)
        yield


@pytest.fixture(autouse=True)
def _own_index(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """Each test has its own index files: what a rolled-back test knew must not reach the next one."""
    settings.POINT_INDEX_DIR = tmp_path / "pointindex"
    settings.PRIVATE_FILES_DIR = tmp_path / "private"
    siteindex.forget()
    kept_answers.clear()
    siteshapes.forget()
    dataproblems.forget()
    yield
    siteindex.forget()
    siteshapes.forget()
    dataproblems.forget()


@pytest.fixture
def world(db: Any) -> World:
    """See tests/factories.py."""
    return make_world()
