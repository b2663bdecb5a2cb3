"""The staff's side. Every ModelAdmin is a ScopedAdmin; every write is an action; rows come by scope alone."""

# TEMPORARY (lead): so that the others can start Django while files are being written. The admin's author
# restores the plain import list when all of them are there.
import importlib
from pathlib import Path

for _name in ("audit", "divisions", "funding", "people", "policies", "programmes", "reports", "sites"):
    if (Path(__file__).parent / f"{_name}.py").exists():
        importlib.import_module(f"projects.admin.{_name}")
