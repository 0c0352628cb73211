"""Who may look at connectors, on pages and over the interface alike."""

from typing import Annotated

from fastapi import Depends

from app.accounts.actor import Actor, Role
from app.accounts.auth import CurrentActor
from app.core.errors import Forbidden


async def _looking(actor: CurrentActor) -> Actor:
    if actor.role not in (Role.ADMIN, Role.ANALYST):
        raise Forbidden("只有系统管理员和分析员可以查看外部连接 (administrators and analysts)")
    return actor


async def _reading_results(actor: CurrentActor) -> Actor:
    if actor.role is not Role.ANALYST:
        raise Forbidden("逐条结果是企业数据，只有分析员可以查看 (firms' data: analysts only)")
    return actor


Looking = Annotated[Actor, Depends(_looking)]
ResultReader = Annotated[Actor, Depends(_reading_results)]
