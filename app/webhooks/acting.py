"""Who manages webhooks: administrators, and tokens for their own organisation."""

from app.accounts.actor import Actor, Role
from app.core.errors import Forbidden

SCOPE = "webhooks:write"


def check_manager(actor: Actor) -> None:
    """Forbidden unless this actor manages subscriptions."""
    if actor.token_id is not None:
        actor.require(SCOPE)
        actor.require("firms:read")
    elif actor.role is not Role.ADMIN:
        raise Forbidden("只有系统管理员可以管理推送订阅 (administrators manage webhooks)")
