"""The demo programme, its sites and its accounts as rows. Everything is written through the actions."""

import datetime as dt
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from shapely import MultiPolygon, Polygon

from projects.actions import ledger
from projects.actions.batches import apply_site_drafts
from projects.actions.divisions import add_alias
from projects.actions.people import record_accounts
from projects.actions.programmes import (
    save_category,
    save_funding_line,
    save_indicator,
    save_kind,
    save_policy,
    save_programme,
    save_published_figure,
)
from projects.actions.publishing import submit_site
from projects.actions.records import add_funding_report
from projects.demo.catalogue import Catalogue, ningbo_2024
from projects.demo.generator import Keys, generate
from projects.demo.orders import add_orders
from projects.demo.places import County
from projects.demo.visits import MOST_SITES, add_visits
from projects.exchange.areas import City
from projects.exchange.city_divisions import apply_city
from projects.exchange.packaged_borders import read_packaged
from projects.models import (
    AuditEntry,
    Category,
    Division,
    DivisionAlias,
    FacilityKind,
    FundingLine,
    FundingReport,
    Indicator,
    LagPolicy,
    Membership,
    Programme,
    PublishedFigure,
    Site,
    User,
)
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.rules.policy import YINCHUAN_2025
from projects.rules.vocabulary import Publication, Role

REASON: Final = "load_demo"
LOADED: Final = "demo.load"

#: The counties as they are since 奉化 became a district; of that change only the month is stated here.
MEMBER_FROM: Final = dt.date(2016, 11, 1)
NAMES_EN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "330000": "Zhejiang Province",
        "330200": "Ningbo",
        "330203": "Haishu District",
        "330205": "Jiangbei District",
        "330206": "Beilun District",
        "330211": "Zhenhai District",
        "330212": "Yinzhou District",
        "330213": "Fenghua District",
        "330225": "Xiangshan County",
        "330226": "Ninghai County",
        "330281": "Yuyao City",
        "330282": "Cixi City",
    }
)


class DemoError(Exception):
    """The demo cannot be loaded; `str()` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account: what it may do, and where."""

    username: str
    role: Role
    division: str = ""


ACCOUNTS: Final = (
    Account("demo-admin", Role.ADMINISTRATOR),
    Account("demo-district", Role.DISTRICT_EDITOR, "330212"),
    Account("demo-district2", Role.DISTRICT_EDITOR, "330211"),
    Account("demo-verifier", Role.VERIFIER),
    Account("demo-supervisor", Role.SUPERVISOR),
    Account("demo-publisher", Role.PUBLISHER),
)


def loaded_with(key: str) -> tuple[int, int] | None:
    """Seed and number of sites with which the demo of a programme was loaded; None when it was not."""
    entry = AuditEntry.objects.filter(action=LOADED, subject_type="programme", payload__key=key).first()
    if entry is None:
        return None
    return int(entry.payload["seed"]), int(entry.payload["sites"])


def load(
    *,
    access: Access,
    seed: int,
    sites: int,
    catalogue: Catalogue | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> dict[str, str]:
    """Write everything in one transaction; returns the new accounts' passwords by username.

    `catalogue` is the packaged programme unless another is given. `on_progress` is told how many more sites
    are written. Raises DemoError when the programme is there already, TooFewSitesError, BoundaryError, and
    what the actions raise; then nothing is written.
    """
    catalogue = catalogue or ningbo_2024()
    if Programme.objects.filter(key=catalogue.key).exists():
        raise DemoError(
            _("年度 %(key)s 已经存在;演示数据只能载入没有它的数据库。请换一个空数据库(DATABASE_URL)。")
            % {"key": catalogue.key}
        )
    city = read_packaged(catalogue.division)
    with transaction.atomic():
        division = _divisions(access, city, catalogue)
        passwords = _accounts(access)
        programme = _programme(access, catalogue, division)
        keys = Keys(
            kinds=_kinds(access, catalogue),
            divisions=dict(Division.objects.values_list("code", "pk")),
            indicators=_promises(access, catalogue, programme),
        )
        _money(access, catalogue, programme)
        for batch in generate(_counties(city), catalogue, keys, seed=seed, sites=sites):
            apply_site_drafts(access=access, drafts=batch, reason=REASON, on_progress=on_progress)
        _submit_some_drafts()
        if sites <= MOST_SITES:
            add_visits(access, programme, catalogue.cutoff, reason=REASON)
        add_orders()
        with ledger.take(1, actor_id=access.user_id) as numbers:
            numbers.write(
                [
                    ledger.Entry(
                        action=LOADED,
                        subject_type="programme",
                        subject_id=str(programme.pk),
                        payload={"key": catalogue.key, "seed": seed, "sites": sites},
                    )
                ]
            )
    return passwords


def load_kinds(access: Access) -> int:
    """The packaged facility kinds without the demo; returns how many were new."""
    with transaction.atomic():
        before = FacilityKind.objects.count()
        _kinds(access, ningbo_2024(), reason="load_kinds")
        return FacilityKind.objects.count() - before


def write_logins(path: Path, passwords: Mapping[str, str]) -> None:
    """One `username password` line each, readable by the owner alone from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{username} {password}\n" for username, password in passwords.items())


def _divisions(access: Access, city: City, catalogue: Catalogue) -> Division:
    whole = apply_city(
        access=access,
        city=city,
        valid_from=catalogue.period_start,
        member_from=MEMBER_FROM,
        names_en=NAMES_EN,
        reason=REASON,
    )
    fenghua = Division.objects.get(code="330213")
    for kind, value in ((DivisionAlias.CODE, "330283"), (DivisionAlias.NAME, "奉化市")):
        add_alias(
            access=access, division=fenghua, kind=kind, value=value, valid_to=MEMBER_FROM, reason=REASON
        )
    return whole


def _programme(access: Access, catalogue: Catalogue, division: Division) -> Programme:
    rules = YINCHUAN_2025
    policy = LagPolicy.objects.filter(key=rules.key, version=rules.version).first()
    if policy is None:
        policy = save_policy(
            access=access,
            row=LagPolicy(
                key=rules.key,
                version=rules.version,
                name_zh=rules.title,
                name_en="Yinchuan 2025: red, yellow and green lights",
                rules=rules.to_json(),
                source=rules.source[:300],
                # The rule is of 2025; here it judges a programme of 2024, from that one's first day.
                effective_from=catalogue.period_start,
            ),
            reason=REASON,
        )
    return save_programme(
        access=access,
        row=Programme(
            key=catalogue.key,
            name_zh=catalogue.name_zh,
            name_en=catalogue.name_en,
            division=division,
            year=catalogue.year,
            period_start=catalogue.period_start,
            period_end=catalogue.period_end,
            cutoff=catalogue.cutoff,
            policy=policy,
            publication=Publication.PUBLISHED.value,
            publishes_progress=True,
            publishes_lights=True,
            publishes_reasons=True,
            publishes_rankings=False,
            is_demo=True,
            source=catalogue.source,
        ),
        reason=REASON,
    )


def _kinds(access: Access, catalogue: Catalogue, *, reason: str = REASON) -> dict[str, int]:
    """The packaged facility kinds; one whose slug is there already is left as it is."""
    known = dict(FacilityKind.objects.values_list("slug", "pk"))
    taken = set(FacilityKind.objects.values_list("number", flat=True))
    for data in catalogue.kinds:
        if data.slug in known:
            continue
        number = data.number if data.number not in taken else max(taken) + 1
        taken.add(number)
        row = FacilityKind(
            number=number,
            slug=data.slug,
            name_zh=data.name_zh,
            name_en=data.name_en,
            group_zh=data.group_zh,
            group_en=data.group_en,
            icon=data.icon,
            colour=data.colour,
            geometry=data.geometry,
            attributes=[dict(attribute) for attribute in data.attributes],
        )
        known[data.slug] = save_kind(access=access, row=row, reason=reason).pk
    return known


def _promises(access: Access, catalogue: Catalogue, programme: Programme) -> dict[str, int]:
    """Categories, indicators and every figure as printed; returns the indicators' keys by code."""
    kinds = {row.slug: row for row in FacilityKind.objects.all()}
    indicators: dict[str, Indicator] = {}
    for data in catalogue.categories:
        category = save_category(
            access=access,
            row=Category(
                programme=programme,
                number=data.number,
                slug=data.slug,
                name_zh=data.name_zh,
                name_en=data.name_en,
            ),
            reason=REASON,
        )
        for order, item in enumerate(data.indicators, start=1):
            indicators[item.code] = save_indicator(
                access=access,
                row=Indicator(
                    category=category,
                    code=item.code,
                    order=order,
                    name_zh=item.name_zh,
                    name_en=item.name_en,
                    unit_zh=item.unit_zh,
                    unit_en=item.unit_en,
                    counting=item.counting.value,
                    completion_type=item.completion_type.value,
                    subset_of=indicators[item.subset_of] if item.subset_of else None,
                    mappable=bool(item.kind),
                    kind=kinds[item.kind] if item.kind else None,
                ),
                reason=REASON,
            )
    figures = (*catalogue.figures, *(item.published for item in catalogue.indicators.values()))
    for order, figure in enumerate(figures, start=1):
        indicator = indicators[figure.indicator] if figure.indicator else None
        save_published_figure(
            access=access,
            row=PublishedFigure(
                programme=programme,
                category=indicator.category if indicator is not None else None,
                indicator=indicator,
                key=figure.key,
                order=order,
                label_zh=figure.label_zh,
                label_en=figure.label_en,
                text=figure.text,
                value=figure.value,
                unit=figure.unit,
                qualifier=figure.qualifier,
                as_of=catalogue.cutoff,
                source=catalogue.source,
            ),
            reason=REASON,
        )
    return {code: row.pk for code, row in indicators.items()}


def _money(access: Access, catalogue: Catalogue, programme: Programme) -> None:
    """Funding lines as published. What districts and others have used was not published: no report."""
    for data in catalogue.funding:
        line = save_funding_line(
            access=access,
            row=FundingLine(
                programme=programme,
                source=data.source.value,
                name=data.name,
                arranged=data.arranged,
                statement=catalogue.source,
            ),
            reason=REASON,
        )
        if data.used is not None:
            add_funding_report(
                access=access,
                row=FundingReport(line=line, as_of=catalogue.cutoff, used=data.used),
                reason=REASON,
            )


def _counties(city: City) -> list[County]:
    return [
        County(area.code, area.name, area.border)
        for area in city.counties
        if isinstance(area.border, Polygon | MultiPolygon)
    ]


def _accounts(access: Access) -> dict[str, str]:
    """Make the demo accounts; one of an earlier demo gets a new password and is switched on again."""
    passwords = {}
    users = []
    for account in ACCOUNTS:
        password = secrets.token_urlsafe(12)
        user, created = User.objects.get_or_create(username=account.username, defaults={"is_demo": True})
        if not created and not user.is_demo:
            raise DemoError(
                _("用户 %(username)s 已经存在,而且不是演示账号;请先改名或删除。")
                % {"username": account.username}
            )
        user.is_staff = user.is_active = True
        user.set_password(password)
        user.save()
        division = Division.objects.get(code=account.division) if account.division else None
        Membership.objects.get_or_create(
            user=user, role=account.role.value, division=division, department=None
        )
        passwords[account.username] = password
        users.append(user)
    record_accounts(access=access, users=users, reason=REASON)
    return passwords


def _submit_some_drafts() -> None:
    """The district's editor hands half of the drafts over, so that the publisher has something to decide."""
    editor = User.objects.get(username="demo-district")
    access = access_of(editor, timezone.localdate())
    drafts = Site.objects.filter(publication=Publication.DRAFT.value, is_demo=True, managed_by__code="330212")
    for site_id, version in list(drafts.order_by("pk").values_list("pk", "version"))[::2]:
        submit_site(access=access, site_id=site_id, expected_version=version)
