"""Who may sign in to the demo; the password is public, and only demo data can be seen with it."""

from dataclasses import dataclass

from app.accounts.actor import Role

PASSWORD = "tidu-demo-2027"  # noqa: S105 - meant to be known


@dataclass(frozen=True)
class Account:
    """One person of the demo."""

    username: str
    name: str
    role: Role
    organisation: str


ACCOUNTS = (
    Account("analyst", "科技局分析员", Role.ANALYST, "science"),
    Account("leader", "分管领导", Role.LEADER, "science"),
    Account("incubator1", "孵化器管理员甲", Role.INCUBATOR_MANAGER, "demo_incubator_1"),
    Account("incubator2", "众创空间管理员乙", Role.INCUBATOR_MANAGER, "demo_incubator_2"),
    Account("park1", "园区经办", Role.PARK_OPERATOR, "demo_park_1"),
    Account("officer", "经信委经办", Role.OFFICER, "industry_info"),
    Account("admin", "系统管理员", Role.ADMIN, "science"),
    Account("auditor", "审计员", Role.AUDITOR, "science"),
)
PARKS = ("正阳园", "青杠园", "冯家园", "舟白园", "武陵山双创园")
INCUBATORS = ("武陵众创空间", "正阳科技企业孵化器", "仰头山加速器", "濯水创客谷", "小南海孵化基地",
              "官渡科创园")  # fmt: skip
