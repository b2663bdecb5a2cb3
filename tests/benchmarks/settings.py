"""The real settings, with the baselines' addresses beside the application's own."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.urls"
