"""Who may look at connectors, on pages and over the interface alike."""

from typing import Annotated

from fastapi import Depends

from app.accounts.actor import Actor, Role
from app.accounts.auth import asking, enrolled
from app.core.errors import Forbidden


def _looking(actor: Actor) -> Actor:
    if enrolled(actor).role not in (Role.ADMIN, Role.ANALYST):
        raise Forbidden("只有系统管理员和分析员可以查看外部连接 (administrators and analysts)")
    return actor


def _reading_results(actor: Actor) -> Actor:
    if enrolled(actor).role is not Role.ANALYST:
        raise Forbidden("逐条结果是企业数据，只有分析员可以查看 (firms' data: analysts only)")
    return actor


Looking = Annotated[Actor, Depends(asking(_looking))]
ResultReader = Annotated[Actor, Depends(asking(_reading_results))]
