"""Clients of the cast, logged in."""

import pytest
from django.test import Client

from tests.factories import World
from tests.integration.adminforms import client_of


@pytest.fixture
def haishu(world: World) -> Client:
    return client_of(world.users["haishu"])


@pytest.fixture
def admin_client(world: World) -> Client:
    return client_of(world.users["admin"])
