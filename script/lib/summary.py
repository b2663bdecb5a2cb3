"""Add up the JUnit reports of the parts of one test run: a table against the budgets, and a closing line.

Arguments: FOLDER with NAME.xml files, then NAME=EXIT_STATUS:SECONDS:BUDGET_MINUTES per part. Exit status 1
when a part failed or ran no test.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Counts:
    """Tests of one part. An error in a fixture counts as a failure."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


def read_counts(report: Path) -> Counts:
    """What a JUnit report counts; nothing when pytest died before it wrote one."""
    if not report.is_file():
        return Counts()
    total = Counts()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        total += Counts(max(0, tests - failed - skipped), failed, skipped)
    return total


def clock(seconds: int) -> str:
    """Minutes and seconds: 75 -> '1:15'."""
    return f"{seconds // 60}:{seconds % 60:02}"


def main(arguments: list[str]) -> int:
    folder, total, bad = Path(arguments[0]), Counts(), not arguments[1:]
    for part in arguments[1:]:
        name, _, rest = part.partition("=")
        status, seconds, budget = rest.split(":")
        counts = read_counts(folder / f"{name}.xml")
        if status == "0":
            verdict = "passed"
        else:
            bad = True
            verdict = "NO TESTS RAN" if status == "5" else f"FAILED (pytest exit {status})"
            if counts.failed == 0:  # a crash or nothing collected: it must not read as success
                counts += Counts(failed=1)
        total += counts
        if seconds:
            over = "  over budget" if int(seconds) > 60 * int(budget) else ""
            used = f"{clock(int(seconds)):>6} of {budget}:00"
            print(f"{name:<12} {used}  {counts.passed:>5} passed  {verdict}{over}")
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
