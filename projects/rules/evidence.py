"""What a verifier is told about a photo before relying on it. Warnings, never a verdict: a person decides.

All of it compares claims. A file's own time and position can be edited, a browser's can be faked, and most
messengers strip both; so a photo without findings proves little, and one with findings is looked at again.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from projects.rules.errors import gettext_noop as _
from projects.rules.period import CITY_ZONE, add_months
from projects.rules.sentences import Sentence, say


class Finding(StrEnum):
    """Everything that can be found, in the order in which it is shown."""

    REUSED = "reused"  # the same file, or the same picture, is evidence of something else
    FAR = "far"  # by the file's position
    DEVICE_FAR = "device_far"  # by the position of the device that handed it in
    SHIFTED = "shifted"  # far, but near when the file's position is read as GCJ-02
    FUTURE = "future"
    TOO_EARLY = "too_early"  # before the period that the report is about
    AFTER_REPORT = "after_report"  # taken after the day that the report is about
    APART = "apart"  # the file and the device say two places
    COARSE = "coarse"  # the device did not know well where it was
    NO_EXIF = "no_exif"
    NO_TIME = "no_time"
    NO_POSITION = "no_position"  # neither of the file nor of the device


#: What makes a person look twice; the others say what is not known.
WARNINGS: Final = frozenset(
    {
        Finding.REUSED,
        Finding.FAR,
        Finding.DEVICE_FAR,
        Finding.SHIFTED,
        Finding.FUTURE,
        Finding.TOO_EARLY,
        Finding.APART,
    }
)


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """From where on something is said. Metres, months, minutes."""

    far_m: Decimal
    coarse_m: Decimal
    months_before: int
    clock_minutes: int


LIMITS: Final = EvidenceLimits(far_m=Decimal(300), coarse_m=Decimal(100), months_before=1, clock_minutes=10)
"""The limits in force. A phone in the open knows its place to some 5-20 m, between high houses to 50-100 m,
and a site's point may stand at its gate or in its middle: 300 m leaves out neither. A report's month reaches
back one month from its day; clocks of phones may be some minutes ahead."""


class Place(NamedTuple):
    """A claimed position: metres to the nearest point of the site, and the accuracy as claimed."""

    distance_m: Decimal
    accuracy_m: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is known of one photo. `taken_text`: a time was written, without its zone.

    `as_gcj02_m`: how far the file's position would be if its numbers were GCJ-02; `apart_m`: between the two
    positions. `elsewhere`: in how many other places (sites or reports) the same picture is evidence.
    """

    has_exif: bool
    taken_at: datetime | None
    taken_text: str
    taken: Place | None
    device: Place | None
    as_gcj02_m: Decimal | None = None
    apart_m: Decimal | None = None
    elsewhere: int = 0


class Found(NamedTuple):
    """One finding and its sentence."""

    finding: Finding
    sentence: Sentence

    @property
    def is_warning(self) -> bool:
        """Whether it makes a person look twice."""
        return self.finding in WARNINGS


def findings(
    facts: PhotoFacts, *, about: date | None, now: datetime, limits: EvidenceLimits = LIMITS
) -> tuple[Found, ...]:
    """What to tell of a photo, in the order of `Finding`.

    `about`: the day that its report is about, None for a photo of no report; `now`: the moment at which it
    was handed in, timezone-aware.
    """
    found = {
        **_of_use(facts),
        **_of_place(facts, limits),
        **_of_time(facts, about, now, limits),
        **_of_what_is_missing(facts),
    }
    return tuple(Found(each, found[each]) for each in Finding if each in found)


def _of_use(facts: PhotoFacts) -> dict[Finding, Sentence]:
    if not facts.elsewhere:
        return {}
    return {
        Finding.REUSED: say(_("同一张照片还用在另外 {count} 处(别的点位或报告)。"), count=facts.elsewhere)
    }


def _of_place(facts: PhotoFacts, limits: EvidenceLimits) -> dict[Finding, Sentence]:
    found = {}
    taken, device = facts.taken, facts.device
    if taken is not None and taken.distance_m > limits.far_m:
        found[Finding.FAR] = say(_("照片写的拍摄位置离点位 {metres} 米。"), metres=round(taken.distance_m))
        if facts.as_gcj02_m is not None and facts.as_gcj02_m <= limits.far_m:
            found[Finding.SHIFTED] = say(
                _("把照片的坐标当作 GCJ-02(高德、腾讯)则相距 {metres} 米,可能是拍照软件写错了坐标系。"),
                metres=round(facts.as_gcj02_m),
            )
    if device is not None:
        accuracy = device.accuracy_m or Decimal(0)
        # A coarse position is far only when it is so even at its best.
        if device.distance_m - accuracy > limits.far_m:
            found[Finding.DEVICE_FAR] = say(
                _("提交时设备的位置离点位 {metres} 米。"), metres=round(device.distance_m)
            )
        if accuracy > limits.coarse_m:
            found[Finding.COARSE] = say(
                _("设备定位精度只有 {metres} 米,不能说明在现场。"), metres=round(accuracy)
            )
        if facts.apart_m is not None and facts.apart_m - accuracy > limits.far_m:
            found[Finding.APART] = say(
                _("照片写的位置与提交时设备的位置相距 {metres} 米。"), metres=round(facts.apart_m)
            )
    return found


def _of_time(
    facts: PhotoFacts, about: date | None, now: datetime, limits: EvidenceLimits
) -> dict[Finding, Sentence]:
    if facts.taken_at is None:
        return {}
    day = facts.taken_at.astimezone(CITY_ZONE).date()
    if (facts.taken_at - now).total_seconds() > limits.clock_minutes * 60:
        return {Finding.FUTURE: say(_("拍摄时间 {day} 晚于提交时间。"), day=day.isoformat())}
    if about is None:
        return {}
    first = add_months(about, -limits.months_before)
    if day < first:
        return {
            Finding.TOO_EARLY: say(
                _("拍摄于 {day},早于本次填报的期间({first} 起)。"),
                day=day.isoformat(),
                first=first.isoformat(),
            )
        }
    if day > about:
        return {
            Finding.AFTER_REPORT: say(
                _("拍摄于 {day},在报告的截至日期 {about} 之后。"),
                day=day.isoformat(),
                about=about.isoformat(),
            )
        }
    return {}


def _of_what_is_missing(facts: PhotoFacts) -> dict[Finding, Sentence]:
    found = {}
    if not facts.has_exif:
        found[Finding.NO_EXIF] = say(_("照片没有拍摄信息(微信等转发会去掉),不知道何时何地拍的。"))
    elif facts.taken_at is None and facts.taken_text:
        found[Finding.NO_TIME] = say(_("照片写的时间是 {text},没有时区,不作比较。"), text=facts.taken_text)
    elif facts.taken_at is None:
        found[Finding.NO_TIME] = say(_("照片没有写拍摄时间。"))
    if facts.taken is None and facts.device is None:
        found[Finding.NO_POSITION] = say(_("照片和设备都没有给出位置。"))
    return found
