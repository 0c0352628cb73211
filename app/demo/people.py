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
# Bodies by name, with their English names.
PARKS = {"正阳园": "Zhengyang Park", "青杠园": "Qinggang Park", "冯家园": "Fengjia Park",
         "舟白园": "Zhoubai Park", "武陵山双创园": "Wulingshan Park of Start-ups"}  # fmt: skip
INCUBATORS = {
    "武陵众创空间": "Wuling Makerspace",
    "正阳科技企业孵化器": "Zhengyang Technology Incubator",
    "仰头山加速器": "Yangtoushan Accelerator",
    "濯水创客谷": "Zhuoshui Makers' Valley",
    "小南海孵化基地": "Xiaonanhai Incubation Base",
    "官渡科创园": "Guandu Science Park",
}
