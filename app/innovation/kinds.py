"""What firms invent: the kinds of this family."""

from app.firms.record_kinds import FactKind
from app.innovation.models import (
    Award,
    IpCase,
    IpRight,
    Platform,
    Product,
    Project,
    Purchase,
    Standard,
    TechContract,
)
from app.innovation.schemas import (
    AwardIn,
    IpCaseIn,
    IpRightIn,
    PlatformIn,
    ProductIn,
    ProjectIn,
    PurchaseIn,
    StandardIn,
    TechContractIn,
)
from app.innovation.settling import other_party

KINDS = (
    FactKind("ip-rights", "知识产权", IpRight, IpRightIn, "granted_on",
             {"ip_class": "number"}, key=("kind", "number"), family="innovation", named="title",
             due="fee_due_on"),
    FactKind("awards", "科技奖励", Award, AwardIn, "awarded_on",
             key=("name", "awarded_on"), family="innovation", until=None),
    FactKind("standards", "标准", Standard, StandardIn, "published_on", key=("name",),
             family="innovation", until=None),
    FactKind("platforms", "创新平台", Platform, PlatformIn, key=("name",), family="innovation"),
    FactKind("projects", "科研项目", Project, ProjectIn, key=("name",), family="innovation"),
    FactKind("products", "创新产品", Product, ProductIn, key=("kind", "name"),
             family="innovation"),
    FactKind("purchases", "政府采购", Purchase, PurchaseIn,
             key=("name", "buyer", "happened_on"), family="innovation"),
    FactKind("ip-cases", "知识产权维权", IpCase, IpCaseIn, key=("name", "happened_on"),
             family="innovation"),
    FactKind("tech-contracts", "技术合同", TechContract, TechContractIn, key=("number",),
             family="innovation", settle=other_party),
)  # fmt: skip
