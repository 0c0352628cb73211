"""Robots of work chats: WeCom 企业微信, DingTalk 钉钉 and Feishu 飞书, each with its own envelope.

Texts are sent plain, so nothing in a name becomes markup or calls anybody. An address comes from a
person and is sent to like a webhook: checked first, then only there (`core.outgoing`).
"""

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from app.accounts.keys import seal, unseal
from app.core.clock import now
from app.core.errors import Invalid
from app.core.outgoing import FAILURES, Refused, Request, ask, check_url
from app.core.settings import Settings
from app.support.clock_models import NoticeSetting

PURPOSE = "work chat"
LARGEST_REPLY = 65_536
# WeCom takes 2,048 bytes of text; the others more.
LONGEST = 2_000


@dataclass(frozen=True)
class Robot:
    """Where a robot is spoken to; `key` signs what is said, where the chat asks for it."""

    kind: str
    url: str
    key: str = ""


class NotSaid(Exception):
    """The robot did not take it; says why."""


def keep(settings: Settings, wish: dict[str, Any], robot: Robot) -> None:
    """Put a robot into a person's settings; Invalid or Refused where it cannot be sent to."""
    if robot.kind != "none":
        if not robot.url:
            raise Invalid("请填写机器人的 Webhook 地址 (the robot's address)",
                          errors=[{"pointer": "/chat_url", "detail": "missing"}])  # fmt: skip
        check_url(settings, robot.url)
    told = json.dumps([robot.url, robot.key])
    sealed = None if robot.kind == "none" else seal(settings, PURPOSE, told)
    wish |= {"chat": robot.kind, "chat_sealed": sealed, "chat_error": None}


def robot_of(settings: Settings, wish: NoticeSetting) -> Robot | None:
    """A person's robot, if there is one and our key still opens it."""
    opened = None
    if wish.chat != "none" and wish.chat_sealed is not None:
        opened = unseal(settings, PURPOSE, wish.chat_sealed)
    return None if opened is None else Robot(wish.chat, *json.loads(opened))


def say(settings: Settings, robot: Robot, words: str) -> None:
    """One message; NotSaid where it did not arrive."""
    short = words.encode()[:LONGEST].decode(errors="ignore")
    seconds = int(now().timestamp())
    url, body = envelope(robot, short, seconds)
    headers = {"content-type": "application/json"}
    try:
        reply = ask(settings, Request("POST", url, headers, json.dumps(body).encode()),
                    LARGEST_REPLY)  # fmt: skip
    except Refused as error:
        raise NotSaid(error.detail) from error
    except FAILURES as error:
        raise NotSaid(type(error).__name__) from error
    fault = _fault(reply.status, reply.body)
    if fault is not None:
        raise NotSaid(fault)


def envelope(robot: Robot, words: str, seconds: int) -> tuple[str, dict[str, Any]]:
    """The address and the body as this robot wants them."""
    if robot.kind == "feishu":
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": words}}
        if robot.key:
            told = f"{seconds}\n{robot.key}".encode()
            body |= {"timestamp": str(seconds), "sign": _signed(told, b"")}
        return robot.url, body
    url = robot.url
    if robot.kind == "dingtalk" and robot.key:
        instant = seconds * 1000
        sign = _signed(robot.key.encode(), f"{instant}\n{robot.key}".encode())
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": instant, "sign": sign})
    return url, {"msgtype": "text", "text": {"content": words}}


def _signed(key: bytes, message: bytes) -> str:
    return b64encode(hmac.new(key, message, sha256).digest()).decode()


def _fault(status: int, body: bytes) -> str | None:
    """What is wrong; robots answer 200 and say in the body that they refused."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not 200 <= status < 300 or not isinstance(told, dict):
        return f"HTTP {status}"
    code = told.get("errcode", told.get("code", told.get("StatusCode", 0)))
    return None if code == 0 else f"{code}: {str(told.get('errmsg', told.get('msg', '')))[:150]}"
