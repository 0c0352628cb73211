"""Every error a user can meet, free of HTTP.

AppError
├── Unauthenticated   who are you
├── Forbidden         not with your role or token
├── NotFound          not there, or not yours to know of
├── Conflict          contradicts what is recorded
├── Stale             changed by someone else meanwhile
├── PreconditionRequired  say which version you mean to change
├── TooLarge
├── Invalid           with one entry per field, row or parameter
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


class Conflict(AppError):
    status = 409
    title = "与现有记录冲突"


class Stale(AppError):
    status = 412
    title = "记录已被他人修改"


class TooLarge(AppError):
    status = 413
    title = "内容过大"


class Invalid(AppError):
    """`errors` in `extra`: a list of {pointer | parameter | row and column, detail}."""

    status = 422
    title = "内容有误"


class PreconditionRequired(AppError):
    status = 428
    title = "缺少版本条件"


class Unavailable(AppError):
    status = 503
    title = "暂时不可用"
