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
