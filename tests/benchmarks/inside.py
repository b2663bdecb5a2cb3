"""Run a module of this package in a configured Django: `python -m tests.benchmarks.inside building`."""

import importlib
import sys
from collections.abc import Sequence

import django

from tests.benchmarks import programs


def main(arguments: Sequence[str]) -> int:
    """The first argument names the module, the others are for its `main`."""
    programs.stop_in_order()
    django.setup()
    module = importlib.import_module(f"tests.benchmarks.{arguments[0]}")
    return int(module.main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
