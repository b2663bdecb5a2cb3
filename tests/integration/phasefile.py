"""A capital programme of school construction, made up: 14,000 phase rows with every mess that such files have.

`write_programme` writes it; `count_by_hand` counts the same file with the csv module, datetime and Decimal
alone, by what the words were declared to mean.
"""

import csv
import datetime as dt
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

DISTRICT, BUILDING, SCHOOL = (
    "Project Geographic District ",
    "Project Building Identifier",
    "Project School Name",
)
TYPE, WORK, PHASE = "Project Type", "Project Description", " Project Phase Name"
STATUS, START, DUE = (
    "Project Status Name",
    "Project Phase Actual Start Date",
    "Project Phase Planned End Date ",
)
END, BUDGET = "Project Phase Actual End Date", "Project Budget Amount"
ESTIMATE = "Final Estimate of Actual Costs Through End of Phase Amount"
SPENT, DSF = "Total Phase Actual Spending Amount", "DSF Number(s)"
HEADER = (
    DISTRICT, BUILDING, SCHOOL, TYPE, WORK, PHASE, STATUS, START, DUE, END, BUDGET, ESTIMATE, SPENT, DSF
)  # fmt: skip

#: The day that the file speaks of.
SAID = dt.date(2024, 6, 30)
PHASES = ("Scope", "Design", "Construction", "CM", "Purch & Install", 'CM,"Art",F&E')
#: What the command is told that the words mean; `pns` and `Tbd` are written so on purpose.
NOT_STARTED = ("PNS",)
UNKNOWN = ("DOES", "DOEL", "FTK", "IEH", "TBD", "/")
NOT_APPLICABLE = ("EMER",)
DECLARED = (
    "--blank", "PNS=not_started", "--blank", "DOES,DOEL,FTK,IEH,TBD,/=unknown", "--blank",
    "EMER=not applicable",
)  # fmt: skip
OPTIONS = (
    "--project-from", BUILDING, SCHOOL, WORK, "--project-name-from", f"{{{SCHOOL}}}: {{{WORK}}}",
    "--category", "school-capital=学校基本建设", "--map", f"name={PHASE}", "--map", f"status={STATUS}",
    "--map", f"started_on={START}", "--map", f"planned_due={DUE}", "--map", f"met_on={END}",
    "--map", f"budget={BUDGET}", "--map", f"estimate={ESTIMATE}", "--map", f"spent={SPENT}",
    "--map", f"attributes.district={DISTRICT}", "--map", f"attributes.dsf={DSF}",
    "--date-format", "MM/DD/YYYY", "--currency", "USD", "--duplicates", "number", *DECLARED,
)  # fmt: skip


def write_programme(path: Path, rows: int = 14_000, seed: int = 7) -> None:
    """The same seed gives the same bytes."""
    chance = random.Random(seed)
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(HEADER)
        last: list[str] = []
        project = 0
        while written < rows:
            project += 1
            building = f"K{project % 900:03d}"
            school = f'P.S. {project % 900} "The {chance.choice(("Oak", "Elm, Ash", "Bay"))}" SCHOOL '
            work = f"FY{10 + project % 15} {chance.choice(('ROOFS, PARAPETS', 'LOW VOLTAGE', 'BOILER'))} {project}"
            for phase in chance.sample(PHASES, chance.randint(1, 5)):
                if written == rows:
                    break
                # Some rows come twice, word for word or with other money.
                again = last if last and chance.random() < 0.01 else None
                last = list(again) if again else _row(chance, building, school, work, phase)
                if again and chance.random() < 0.5:
                    last[10] = "1"
                writer.writerow(last)
                written += 1


def _row(chance: random.Random, building: str, school: str, work: str, phase: str) -> list[str]:
    due = dt.date(2010, 1, 1) + dt.timedelta(days=chance.randrange(6_500))
    start = due - dt.timedelta(days=chance.randrange(30, 900))
    end = start + dt.timedelta(days=chance.randrange(0, 1_500))
    budget = Decimal(chance.randrange(0, 900_000_000)) / 100
    spent = budget * Decimal(chance.choice(("0", "0.4", "0.97", "1", "1.02", "1.5")))
    estimate = budget * Decimal(chance.choice(("0.9", "1", "1.0001", "1.3")))
    is_done = end <= SAID
    status = "Complete" if is_done else chance.choice(("In-Progress", "PNS", "Complete "))
    return [
        str(chance.randint(1, 32)),
        building,
        school,
        "SCA CIP",
        work,
        phase,
        status,
        _either(chance, _date(chance, start), ("PNS", "pns ", ""), 0.12 if start <= SAID else 1),
        _either(chance, _date(chance, due), ("DOES", "DOEL", "FTK", "IEH", "TBD", "/", ""), 0.2),
        _date(chance, end) if is_done else chance.choice(("", "", "PNS", "DOES", "EMER", "  ")),
        _either(chance, _money(chance, budget), ("PNS", "FTK", "", "Tbd"), 0.15),
        _either(chance, _money(chance, estimate), ("DOES", "", "IEH"), 0.15),
        _either(chance, _money(chance, spent), ("PNS", "", "EMER"), 0.1),
        f"DSF: {chance.randrange(10**9):010d}, {chance.randrange(10**9):010d}",
    ]


def _either(chance: random.Random, value: str, words: tuple[str, ...], share: float) -> str:
    return chance.choice(words) if chance.random() < share else value


def _date(chance: random.Random, day: dt.date) -> str:
    text = f"{day.month:02d}/{day.day:02d}/{day.year}"
    return text + chance.choice(("", "", " 12:00:00 AM", " 0:00", " "))


def _money(chance: random.Random, amount: Decimal) -> str:
    amount = amount.quantize(Decimal("0.01"))
    return chance.choice((f"{amount}", f"{amount:,}", f"${amount:,}", f" {amount:,.2f} "))


@dataclass
class ByHand:
    """Counted with nothing of ours. `judged` and `unknown` by question."""

    rows: int = 0
    yes: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


def count_by_hand(path: Path, as_of: dt.date, months: int) -> ByHand:
    """Late, delayed (so many months), finished late, overspent, over the estimate."""
    found = ByHand()
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found.rows += 1
            due, end = _read_date(row[DUE]), _read_date(row[END])
            met = _met(row[END], end, as_of)
            _tell(found, "late", None if due is None else _late(due, met, as_of, due + dt.timedelta(1)))
            _tell(found, "delayed", None if due is None else _late(due, met, as_of, _later(due, months)))
            if met is None:
                found.unknown["finished_late"] += 1
            elif met and end is not None:
                _tell(found, "finished_late", None if due is None else end > due)
            budget = _read_money(row[BUDGET])
            for name, column in (("overspent", SPENT), ("over_estimate", ESTIMATE)):
                amount = _read_money(row[column])
                _tell(found, name, None if budget is None or amount is None else amount > budget)
    return found


def _tell(found: ByHand, question: str, answer: bool | None) -> None:
    if answer is None:
        found.unknown[question] += 1
        return
    found.judged[question] += 1
    found.yes[question] += answer


def _met(cell: str, end: dt.date | None, as_of: dt.date) -> bool | None:
    if end is not None:
        return end <= as_of
    return False if cell.strip().upper() in ("", *NOT_STARTED) else None


def _late(due: dt.date, met: bool | None, as_of: dt.date, since: dt.date) -> bool | None:
    if as_of < since:
        return False
    return None if met is None else not met


def _later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError


def _read_date(cell: str) -> dt.date | None:
    match = re.match(r"(\d\d)/(\d\d)/(\d{4})", cell.strip())
    return dt.datetime.strptime(match[0], "%m/%d/%Y").date() if match else None


def _read_money(cell: str) -> Decimal | None:
    plain = cell.strip().replace("$", "").replace(",", "")
    return Decimal(plain) if re.fullmatch(r"\d+(\.\d+)?", plain) else None
