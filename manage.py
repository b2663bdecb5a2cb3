#!/usr/bin/env python
"""Django's command line. `manage.py doctor` answers even where Django itself cannot start."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    arguments = sys.argv[1:]
    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except Exception as problem:
        # A machine without GDAL, without a settings file or without Django cannot run any command:
        # that is exactly when somebody asks what is wrong with it.
        if arguments[:1] == ["doctor"]:
            from projects.diagnostics import run_bare

            return run_bare(arguments[1:], problem)
        from config.env import SettingsError

        if isinstance(problem, SettingsError):
            print(f"manage.py: {problem}", file=sys.stderr)
            return 2
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
