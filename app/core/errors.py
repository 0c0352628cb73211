"""Every error a user can meet, free of HTTP.

AppError
├── Unauthenticated   who are you
├── Forbidden         not with your role or token
├── NotFound          not there, or not yours to know of
├── TooSlow           the body did not arrive in time
├── Conflict          contradicts what is recorded
├── Stale             changed by someone else meanwhile
├── PreconditionRequired  say which version you mean to change
├── TooLarge          the body
├── TooLong           the address
├── WrongHost         not a name of this server
├── Invalid           with one entry per field, row or parameter
├── TooManyRequests   later; `retry_after` says when
└── Unavailable       the database or another part is down
"""

from typing import Any


class AppError(Exception):
    """`detail` names the cause, the value and the next step, in the user's language."""

    status = 500
    title = "服务器内部错误"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class Unauthenticated(AppError):
    status = 401
    title = "请先登录"


class Forbidden(AppError):
    status = 403
    title = "没有权限"


class NotFound(AppError):
    status = 404
    title = "没有找到"


class WrongHost(AppError):
    status = 400
    title = "请求的主机名不对"


class TooSlow(AppError):
    status = 408
    title = "请求发送超时"


class Conflict(AppError):
    status = 409
    title = "与现有记录冲突"


class Stale(AppError):
    status = 412
    title = "记录已被他人修改"


class TooLarge(AppError):
    status = 413
    title = "内容过大"


class TooLong(AppError):
    status = 414
    title = "地址过长"


class Invalid(AppError):
    """`errors` in `extra`: a list of {pointer | parameter | row and column, detail}."""

    status = 422
    title = "内容有误"


class PreconditionRequired(AppError):
    status = 428
    title = "缺少版本条件"


class TooManyRequests(AppError):
    """`retry_after` in `extra`: seconds."""

    status = 429
    title = "请求过于频繁"


class Unavailable(AppError):
    status = 503
    title = "暂时不可用"


# What the database refuses, by the name of its constraint: in Chinese and in English.
CLASHES = {
    "ex_residency_overlap": (
        "该企业在这段时间已有在孵记录：请先办理离开或晋级，或更正日期",
        "already a resident at the time: let it leave first, or correct the dates",
    ),
    "ex_location_overlap": (
        "该企业在这段时间已在一个园区：请先结束那条记录，或更正日期",
        "already in a park at the time: end that record first, or correct the dates",
    ),
    "ex_designation_overlap": (
        "该企业在这段时间已有此资质：请先结束或更正它",
        "already holds this title at the time: end or correct it first",
    ),
    "ex_chain_member_overlap": (
        "该企业在这段时间已在这条产业链：请先结束那条记录，或更正日期",
        "already in this chain at the time: end that record first, or correct the dates",
    ),
    "uq_spin_off_current": (
        "该企业已有母体企业：请更正那条记录",
        "has a parent firm already: correct that record",
    ),
    "uq_listing_step_current": (
        "该企业已记录这一步骤：请更正那条记录",
        "has this step on record already: correct that record",
    ),
}
OTHER_CLASH = (
    "与现有记录冲突：请刷新后核对（有效期重叠、编号重复，或所指的记录不存在）",
    "contradicts what is recorded: dates overlap, a number is taken, or what is named is not there",
)


def clash(error: Exception) -> tuple[str, str]:
    """Why the database refused a write, in both languages."""
    found = getattr(getattr(error, "orig", None), "diag", None)
    return CLASHES.get(getattr(found, "constraint_name", None) or "", OTHER_CLASH)
