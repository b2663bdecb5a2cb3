"""The words of the field, each named once; values are what the database, the API and the files hold.

Every member carries its zh-hans term (`member.term`, a gettext msgid). The datum words live in `maps`.
"""

from enum import StrEnum
from typing import Final

from projects.rules.errors import gettext_noop as _


class Word(StrEnum):
    """A StrEnum whose members also know their standard Chinese term."""

    _value_: str
    term: str

    def __new__(cls, value: str, term: str = "") -> "Word":
        member = str.__new__(cls, value)
        member._value_ = value
        member.term = term
        return member


class Stage(Word):
    """Construction stage of a site (建设阶段). Whether citizens can use it is another fact: `Service`."""

    PLANNED = "planned", _("计划中")  # promised, no place fixed yet
    SITED = "sited", _("已选址")  # the place is fixed, work has not begun
    BUILDING = "building", _("建设中")  # work has begun
    FINISHED = "finished", _("已完工")  # the reporter says complete; nobody else has checked
    VERIFIED = "verified", _("已核验")  # somebody other than the reporter checked on the spot and accepted
    SUSPENDED = "suspended", _("已暂停")  # stopped, may go on
    CANCELLED = "cancelled", _("已取消")  # will not be built


class Service(Word):
    """Can it be used now? (服务状态)"""

    OPEN = "open", _("开放")  # citizens can use it today
    CLOSED_TEMPORARILY = "closed_temporarily", _("暂停服务")  # shut for now, will reopen
    CLOSED = "closed", _("已停用")  # shut for good
    UNKNOWN = "unknown", _("未知")  # nobody has looked or said


class Light(Word):
    """The light that a policy gives (红黄绿灯). Orders have grades of their own; "due soon" is no light."""

    GREEN = "green", _("绿灯")  # on schedule, or within what the policy tolerates
    YELLOW = "yellow", _("黄灯")  # behind
    RED = "red", _("红灯")  # far behind
    BLUE = "blue", _("蓝灯")  # finished and accepted
    NONE = (
        "none",
        _("无灯"),
    )  # nothing to judge: no plan, suspended, cancelled, or the policy has no such rule


class Subject(Word):
    """What a policy can judge."""

    SITE = "site", _("点位")
    INDICATOR = "indicator", _("区县的指标")  # an indicator in one division
    DIVISION = "division", _("区县")  # by the months of its indicators
    PROJECT = "project", _("项目")  # by its indicators, under their rule
    FUNDING = "funding", _("资金")  # a funding line


class DayKind(Word):
    """What the yearly notice makes of a day (节假日安排)."""

    REST = "rest", _("休")
    WORK = "work", _("班")  # a Saturday or Sunday that is worked to make up for a holiday (调休)


class CalendarSource(Word):
    """Where the working days of a year are known from."""

    CITY = "city", _("本市载入的表")
    LIBRARY = "library", _("程序库")  # follows the State Council's notices
    WEEKENDS = "weekends", _("暂按周末")  # not announced yet, or unknown: provisional


class SatisfactionBase(Word):
    """Whom the votes are held against (基数)."""

    PRESENT = "present", _("实到")
    ENTITLED = "entitled", _("应到")


class SatisfactionGrade(Word):
    """What a satisfaction vote comes to (满意度测评等次)."""

    SATISFIED = "satisfied", _("满意")
    BASICALLY_SATISFIED = "basically_satisfied", _("基本满意")
    DISSATISFIED = "dissatisfied", _("不满意")


class Publication(Word):
    """Where a record stands on its way to the public (发布状态). Citizens see `published` alone."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待发布")  # waits for a second person
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")  # was public, is no longer


class Counting(Word):
    """How an indicator's output is counted (计数方式)."""

    SITES = "sites", _("按点位数")  # number of finished or verified sites that contribute
    QUANTITY = "quantity", _("按贡献量")  # sum of those sites' contributed quantities
    REPORTED = "reported", _("按上报数")  # no places behind it: only what is reported


class CompletionType(Word):
    """What completes a project (完成类型)."""

    WITHIN_YEAR = "within_year", _("当年完成")  # must be usable within the year
    CONSTRUCTION_STARTED = (
        "construction_started",
        _("开工建设"),
    )  # 100 % once started, gives citizens nothing yet


class PlanUnit(Word):
    """What the points of an indicator's plan are in."""

    PERCENT = "percent", _("占目标的百分比")
    AMOUNT = "amount", _("累计数量")


class DivisionLevel(Word):
    """Level of a division (行政区划层级)."""

    PROVINCE = "province", _("省")
    CITY = "city", _("市")
    COUNTY = "county", _("区(县、市)")
    TOWNSHIP = "township", _("街道(镇、乡)")
    ZONE = "zone", _("功能区")  # beside the counties; its streets keep their county's codes


class FundingSource(Word):
    """Who pays (资金来源)."""

    CITY = "city", _("市本级")
    DISTRICT = "district", _("区(县、市)")
    OTHER = "other", _("其他")


class Decision(Word):
    """What became of a request to correct a closed period (更正申请)."""

    WAITING = "waiting", _("待审批")
    APPROVED = "approved", _("已批准")
    REFUSED = "refused", _("未批准")


class StagedState(Word):
    """How far a handed-in file has come (导入进度)."""

    UPLOADED = "uploaded", _("已上传")  # kept, not yet checked, or its options changed since
    CHECKING = "checking", _("检查中")
    CHECKED = "checked", _("已检查")  # with or without errors: see its counts
    APPLYING = "applying", _("写入中")
    APPLIED = "applied", _("已导入")
    FAILED = "failed", _("无法读取")  # the file as a whole: the reason is kept
    DISCARDED = "discarded", _("已放弃")


class RowAction(Word):
    """What an import would do with a row (导入动作)."""

    CREATE = "create", _("新增")
    UPDATE = "update", _("更新")
    UNCHANGED = "unchanged", _("未变")  # only counted, never kept
    ERROR = "error", _("有错误")


class CheckLevel(Word):
    """Who looks (核验层级): three levels one after the other, and the re-visit after opening."""

    SELF_CHECK = "self_check", _("区县自查")
    DEPARTMENT_CHECK = "department_check", _("部门核查")
    SPOT_CHECK = "spot_check", _("市级抽查")
    REVISIT = "revisit", _("回头看")


class CheckResult(Word):
    """What a visit found (核验结论)."""

    PASSED = "passed", _("通过")
    RETURNED = "returned", _("退回整改")
    UNREACHABLE = "unreachable", _("未能核验")  # nobody there, no way in: the visit is still to be made
    USABLE = "usable", _("正常可用")
    UNUSABLE = "unusable", _("不能正常使用")


class Checked(Word):
    """What a site has passed since it was last declared complete, or what is asked of it."""

    NOTHING = "", _("尚未核验")
    SELF_CHECK = "self_check", _("自查通过")
    DEPARTMENT_CHECK = "department_check", _("部门核查通过")
    RETURNED = "returned", _("退回整改中")
    REWORKED = "reworked", _("整改完成,待复查")  # of what was accepted, or is existing stock


class Awaits(Word):
    """What comes next for a site (核验进度)."""

    NOT_DECLARED = "not_declared", _("尚未申报完工")
    SELF_CHECK = "self_check", _("待区县自查")
    DEPARTMENT_CHECK = "department_check", _("待部门核查")
    DRAW = "draw", _("待抽样")  # passed by the department, and no sample was drawn yet
    SPOT_CHECK = "spot_check", _("待市级抽查")
    REWORK = "rework", _("待整改")
    REVISIT = "revisit", _("待复查")
    ACCEPTED = "accepted", _("已通过核验")


class SpotChecks(Word):
    """Which sites the city visits (市级抽查范围)."""

    SAMPLED = "sampled", _("抽样")  # the drawn ones; the others are accepted with their round
    ALL = "all", _("全部")
    NONE = "none", _("不抽查")


class PhotoPurpose(Word):
    """What a photo is evidence of (照片用途)."""

    PROGRESS = "progress", _("进度")  # taken by who reports the site's progress
    VERIFICATION = "verification", _("核验")  # taken by who checks it on the spot
    RECTIFICATION = "rectification", _("整改")  # shows that something was put right


class PhotoVerdict(Word):
    """What was decided of a photo; none yet: it is internal (照片的公开)."""

    PUBLIC = "public", _("公开")  # citizens see the re-encoded picture
    INTERNAL = "internal", _("不公开")
    WITHDRAWN = "withdrawn", _("撤回")  # no evidence any more: kept, with the reason, and never public


class OrderGrade(Word):
    """How grave an order is (督办单等级), the mildest first. No light: an order has grades of its own."""

    BLUE = "blue", _("蓝单")  # a reminder with a requirement and a deadline
    ORANGE = "orange", _("橙单")  # a warning: missed without good reason, or done badly
    RED = "red", _("红单")


class OrderState(Word):
    """How far a supervision order has come (督办进度). Overdue and due soon are no states: they are asked of
    a day.
    """

    ISSUED = "issued", _("待签收")
    SIGNED = "signed", _("已签收")
    IN_HAND = "in_hand", _("办理中")
    REPORTED = "reported", _("已反馈,待审核")
    RETURNED = "returned", _("退回重办")
    CLOSED = "closed", _("已销号")
    WITHDRAWN = "withdrawn", _("已撤销")


class OrderStep(Word):
    """What is done with a supervision order (督办环节)."""

    ISSUE = "issue", _("发督办单")
    SIGN = "sign", _("签收")
    START = "start", _("开始办理")
    REPORT_BACK = "report_back", _("反馈办理结果")
    CLOSE = "close", _("销号")
    RETURN = "return", _("退回重办")
    ASK_EXTENSION = "ask_extension", _("申请延期")
    GRANT = "grant", _("同意延期")
    REFUSE = "refuse", _("不同意延期")
    RAISE = "raise", _("升级")
    WITHDRAW = "withdraw", _("撤销督办单")


class RaiseCause(Word):
    """Why an order is raised to a graver grade (升级原因)."""

    MISSED = "missed", _("逾期且无正当理由")
    POOR = "poor", _("办理质量不高")
    SERIOUS = "serious", _("情况严重")


class Due(Word):
    """How an open order stands to its date on a day (督办期限)."""

    NOTHING = "", _("未到期")
    SOON = "soon", _("临近期限")
    OVERDUE = "overdue", _("已超期")


class Role(Word):
    """What a membership makes of a person (角色). What each may do is one table in `projects.permissions`."""

    DISTRICT_EDITOR = "district_editor", _("区县填报员")  # keeps one division's sites
    DEPARTMENT_EDITOR = "department_editor", _("部门填报员")  # keeps the sites of one department's indicators
    VERIFIER = "verifier", _("核验员")  # checks on the spot what others reported
    SUPERVISOR = "supervisor", _("督查员")  # watches lights, issues and reviews orders
    ADMINISTRATOR = "administrator", _("系统管理员")  # programmes, divisions, policies, people
    PUBLISHER = "publisher", _("发布员")  # the second person who makes a record public


class FeedbackKind(Word):
    """What a citizen says about a site (反馈类型)."""

    CANNOT_USE = "cannot_use", _("不能用")
    WRONG_INFORMATION = "wrong_information", _("信息不对")
    WRONG_PLACE = "wrong_place", _("位置不对")
    OTHER = "other", _("其他")


class FeedbackState(Word):
    """What became of it (反馈状态)."""

    WAITING = "waiting", _("待答复")
    ANSWERED = "answered", _("已答复")
    ABUSE = "abuse", _("按滥用关闭")


STAGE_ORDER: Final[tuple[Stage, ...]] = (
    Stage.PLANNED,
    Stage.SITED,
    Stage.BUILDING,
    Stage.FINISHED,
    Stage.VERIFIED,
    Stage.SUSPENDED,
    Stage.CANCELLED,
)
"""The one order of stages on every page, chart and legend: the way of work, then the two ways out."""

UNDER_WAY: Final = frozenset({Stage.PLANNED, Stage.SITED, Stage.BUILDING})
"""Still to be finished: only these can be late."""

FINISHED: Final = frozenset({Stage.FINISHED, Stage.VERIFIED})
"""What counts as output (完成数)."""

STARTED: Final = frozenset({Stage.BUILDING, Stage.FINISHED, Stage.VERIFIED})
"""Having been in one of these, a site has started, whatever happened later."""
