"""Who acts: a person in one role, a machine with a token, or the command line."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Forbidden


class Role(StrEnum):
    """The roles of the house; each decides what is seen and what is done."""

    ANALYST = "analyst"
    LEADER = "leader"
    INCUBATOR_MANAGER = "incubator_manager"
    PARK_OPERATOR = "park_operator"
    OFFICER = "officer"
    ADMIN = "admin"
    AUDITOR = "auditor"


KEEPERS = frozenset({Role.ANALYST, Role.INCUBATOR_MANAGER, Role.PARK_OPERATOR})
# What a token may do is said by its scopes; whose records, by its organisation's kind.
ROLE_OF_ORGANISATION = {
    "department": Role.OFFICER,
    "park": Role.PARK_OPERATOR,
    "incubator": Role.INCUBATOR_MANAGER,
}


@dataclass(frozen=True)
class Seat:
    """One of a person's roles today; `mine` is the one that the session is bound to."""

    grant_id: int
    role: Role
    organisation: str
    organisation_en: str | None
    mine: bool


@dataclass(frozen=True)
class Actor:
    """`scopes` is None for people and the command line: their role says what they may."""

    role: Role
    organisation_id: int | None
    name: str
    user_id: int | None = None
    token_id: int | None = None
    scopes: frozenset[str] | None = None
    locale: str = "zh"
    session_id: int | None = None
    seats: tuple[Seat, ...] = ()
    # The role asks for a second factor that this person has not set up yet.
    must_enrol: bool = False

    def require(self, scope: str) -> None:
        """Raise Forbidden unless this actor may do what the scope names."""
        if self.scopes is not None:
            if scope not in self.scopes:
                raise Forbidden(
                    f"令牌没有 {scope} 权限：请用带此权限的令牌 (the token lacks this scope)",
                    scope=scope,
                )
        elif scope.endswith(":write") and self.role not in KEEPERS:
            raise Forbidden(f"角色 {self.role} 不能修改企业数据 (this role changes no data)")

    @property
    def source(self) -> str:
        """The source under which this actor's figures are ranked."""
        by_role = {Role.INCUBATOR_MANAGER: "incubator", Role.PARK_OPERATOR: "park_system"}
        return by_role.get(self.role, "bureau")


SYSTEM = Actor(Role.ANALYST, None, "system")
