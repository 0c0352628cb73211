"""Where each role can go: the one place where a page is added to the navigation."""

from collections.abc import Iterable
from dataclasses import dataclass, field

ANALYST, LEADER, OFFICER = "analyst", "leader", "officer"
INCUBATOR, PARK = "incubator_manager", "park_operator"
ADMIN, AUDITOR = "admin", "auditor"
# Everybody who may know of firms.
READERS = frozenset({ANALYST, LEADER, OFFICER, INCUBATOR, PARK})
# Those who keep firms' records.
KEEPERS = frozenset({ANALYST, INCUBATOR, PARK})
EVERYBODY = READERS | {ADMIN, AUDITOR}


@dataclass(frozen=True)
class Link:
    """A page: its address, its name in both languages, whose it is, and the keys that open it."""

    path: str
    zh: str
    en: str
    roles: frozenset[str] = READERS
    keys: str = ""

    def label(self, locale: str) -> str:
        """The page's name in the reader's language."""
        return self.zh if locale == "zh" else self.en

    def holds(self, path: str) -> bool:
        """Whether an address is this page or lies below it."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


@dataclass(frozen=True)
class Section:
    """Pages of one kind of work."""

    zh: str
    en: str
    links: tuple[Link, ...] = field(default=())

    def label(self, locale: str) -> str:
        """The section's name in the reader's language."""
        return self.zh if locale == "zh" else self.en


# What belongs to a list lies beside it: /lists/pool/filter is the pool's.
PARTS = "/lists"
HOME = Link("/", "首页", "Home", EVERYBODY, "g h")
SECTIONS = (
    Section("总览", "Overview", (
        HOME,
        Link("/cockpit", "驾驶舱", "Cockpit", READERS, "g d"),
        Link("/waiting", "待办事项", "To do", READERS, "g w"),
    )),
    Section("企业", "Firms", (
        Link("/pool", "培育池", "Pool", READERS, "g p"),
        Link("/firms", "企业登记簿", "Register", READERS, "g f"),
        Link("/board", "梯次看板", "Board", READERS, "g b"),
    )),
    Section("培育", "Cultivation", (
        Link("/flags", "标记", "Flags", READERS, "g k"),
        Link("/duties", "法定事项", "Duties", READERS, "g y"),
    )),
    Section("数据", "Data", (
        Link("/records", "各类记录", "Records", READERS, "g r"),
        Link("/corrections", "企业更正", "Corrections", KEEPERS),
        Link("/entry", "数据填报", "Data entry", KEEPERS, "g e"),
        Link("/imports", "导入", "Imports", KEEPERS, "g i"),
        Link("/exports", "导出", "Exports", READERS),
        Link("/duplicates", "疑似重复", "Duplicates", KEEPERS),
    )),
    Section("引育", "Growing and attracting", (
        Link("/carriers", "孵化载体", "Incubators",
             frozenset({ANALYST, LEADER, OFFICER, INCUBATOR}), "g n"),
        Link("/chains", "链主和园区", "Chains and zone", READERS),
        Link("/leads", "招商线索", "Leads", frozenset({ANALYST, LEADER, OFFICER, PARK}), "g x"),
    )),
    Section("规划", "Plan", (
        Link("/targets", "目标", "Targets", READERS, "g g"),
        Link("/forecasts", "预测", "Forecast"),
        Link("/target-lists", "目标清单", "Target lists", READERS, "g l"),
        Link("/rankings", "赛马比拼", "Rankings"),
        Link("/analyses", "分析", "Analyses"),
        Link("/bulletins", "通报", "Bulletins"),
        Link("/briefing", "调度会", "Briefing", READERS, "g m"),
    )),
    Section("帮扶", "Support", (
        Link("/cases", "帮扶事项", "Cases", READERS, "g s"),
        Link("/cases/week", "我的本周", "My week", READERS, "g v"),
        Link("/visits", "走访服务", "Visits", READERS, "g z"),
        Link("/notices", "提醒", "Notices", READERS, "g q"),
        Link("/support/routes", "措施和规则", "Measures and rules", READERS),
        Link("/support/holidays", "工作日", "Working days", READERS | {ADMIN}),
        Link("/support/clock", "提醒规则", "Reminders", frozenset({ADMIN})),
    )),
    Section("政策", "Policy", (
        Link("/criteria", "认定条件", "Criteria", READERS, "g c"),
    )),
    Section("管理", "Administration", (
        Link("/contacts/requests", "个人信息请求", "Data requests", frozenset({ANALYST})),
        Link("/admin/people", "人员", "People", frozenset({ADMIN}), "g u"),
        Link("/admin/organisations", "单位名录", "Organisations", frozenset({ADMIN}), "g o"),
        Link("/admin/tokens", "接口令牌", "API tokens", frozenset({ADMIN}), "g t"),
        Link("/webhooks", "推送订阅", "Webhooks", frozenset({ADMIN})),
        Link("/connectors", "外部连接", "Connectors", frozenset({ADMIN, ANALYST})),
        Link("/jobs", "后台任务", "Jobs", frozenset({ADMIN}), "g j"),
        Link("/audit", "审计", "Audit", frozenset({AUDITOR}), "g a"),
    )),
)  # fmt: skip


def menu(role: str | None) -> list[Section]:
    """The sections that hold something for a role, with what they hold for it."""
    found = [
        Section(section.zh, section.en, tuple(_open_to(section.links, role)))
        for section in SECTIONS
    ]
    return [section for section in found if section.links]


def _open_to(links: Iterable[Link], role: str | None) -> Iterable[Link]:
    return (link for link in links if role in link.roles)


def place(role: str | None, path: str) -> Link | None:
    """The page of the menu that an address belongs to: the nearest above it."""
    shown = path.removeprefix(PARTS)
    held = [link for section in menu(role) for link in section.links if link.holds(shown)]
    return max(held, key=lambda link: len(link.path), default=None)


def trail(role: str | None, path: str) -> list[Link]:
    """The pages above an address, outermost first; its own name is its title."""
    above = place(role, path)
    if role is None or path == "/":
        return []
    inner = [] if above is None or above in (HOME, None) or above.path == path else [above]
    return [HOME, *inner]
