"""Who knocks, before it is known who they are; and what is kept of every attempt."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.accounts.models import SignInAttempt
from app.accounts.secrets import digest
from app.core.addresses import Address, line_of
from app.core.clock import now

LONGEST_AGENT = 300
SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iOS", "iPad": "iPadOS",
           "HarmonyOS": "HarmonyOS", "OpenHarmony": "HarmonyOS", "Mac OS X": "macOS",
           "Linux": "Linux"}  # fmt: skip
BROWSERS = {"MicroMessenger": "微信", "Edg": "Edge", "OPR": "Opera", "QQBrowser": "QQ",
            "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}  # fmt: skip


@dataclass(frozen=True)
class Visitor:
    """A browser at an address; `device` is the secret of the cookie that it keeps, or will keep."""

    address: Address | None
    device: str
    agent: str
    request_id: str | None

    @property
    def line(self) -> str:
        """Where guesses come from: an address, or an IPv6 network."""
        return "line:" + ("unknown" if self.address is None else line_of(self.address))

    @property
    def device_origin(self) -> str:
        """The browser, by the hash of its cookie."""
        return f"device:{digest(self.device)}"

    @property
    def label(self) -> str:
        """The browser in words, as far as it says."""
        browser = next((name for mark, name in BROWSERS.items() if mark in self.agent), None)
        system = next((name for mark, name in SYSTEMS.items() if mark in self.agent), None)
        return " · ".join(filter(None, (browser, system))) or self.agent[:40] or "—"


def note(
    session: Session,
    visitor: Visitor,
    outcome: str,
    user_id: int | None = None,
    typed_hash: str | None = None,
) -> None:
    """Keep what came of an attempt."""
    session.add(
        SignInAttempt(
            at=now(),
            user_id=user_id,
            typed_hash=typed_hash,
            address=visitor.address,
            outcome=outcome,
            request_id=visitor.request_id,
        )
    )
