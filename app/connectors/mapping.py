"""The mapping file: which fields come from and go to an outside platform, and how it is asked.

`docs/connectors.md` is its reference. What it does not know is refused, naming the place.
"""

import re
from collections.abc import Mapping as Table
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.core.errors import Invalid
from app.facts.kinds import KINDS
from app.firms.catalogue import INDICATORS

READY = Path(__file__).with_name("data")
LARGEST_FILE = 50_000
PLACE = re.compile(r"\{(\w+)\}")
RECORDS = {kind.path: kind for kind in KINDS}
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Method = Literal["GET", "POST", "PUT", "PATCH"]


class Part(BaseModel):
    """Any part of the file: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Token(Part):
    """A token asked for before the first request, and again after a 401."""

    path: Text
    form: dict[str, str]
    field: Text = "access_token"


class Signature(Part):
    """HMAC-SHA256 by the secret over a text made of the request."""

    of: Text = "{method}\n{path}\n{timestamp}\n{body}"
    header: Text
    timestamp_header: Text
    encoding: Literal["hex", "base64"] = "hex"


class Paging(Part):
    """`page` counts pages until one is empty; `cursor` follows what each reply names."""

    style: Literal["page", "cursor"]
    parameter: Text
    size_parameter: Text | None = None
    size: Annotated[int, Field(ge=1, le=1_000)] = 200
    first: Annotated[int, Field(ge=0, le=1)] = 1
    # Where a reply names the next cursor, such as `data.next`.
    next: Text | None = None


class Pull(Part):
    """Records that come from there: firms, figures, or a kind of record."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    kind: Text
    path: Text
    method: Literal["GET", "POST"] = "GET"
    # Parameters, in the query of a GET and in the body of a POST; `{since}` is where we stand.
    parameters: dict[str, str | int] = {}
    paging: Paging
    items: Text
    # Our field: theirs. A dotted name looks into an object.
    fields: dict[str, str]
    constants: dict[str, str | int] = {}
    # Our field: {their value: ours}.
    values: dict[str, dict[str, str]] = {}
    # Our field: by what their number is multiplied, such as 10000 where they count in 万元.
    factors: dict[str, Decimal] = {}
    # Their field that grows with every change: what is older does not win by arriving last.
    version: Text | None = None
    # Where we stand before the first run.
    since: str = ""
    overlap_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300


class Push(Part):
    """Firms that go there, as they stand after each change in the feed."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    path: Text
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    # Which changes make a firm go, as in the feed: `figure`, `firm.updated`.
    kinds: list[str] = ["firm", "figure", "designation", "residency", "location"]
    # Which firms go, as a list's query: `rung__in=certified,little_giant`.
    filter: str = ""
    # Their field: our column, such as `credit_code`, `rung`, `figure.revenue_sales`.
    fields: dict[str, str]
    key: Text = "credit_code"
    size: Annotated[int, Field(ge=1, le=1_000)] = 100
    body: Text = "rows"
    # Where the reply says what became of each row, and how it says so.
    results: Text | None = None
    result_key: Text = "key"
    result_ok: Text = "ok"
    result_message: Text = "message"


class Mapping(Part):
    """One outside platform."""

    name: dict[Literal["zh", "en"], str]
    headers: dict[str, str] = {}
    token: Token | None = None
    signature: Signature | None = None
    per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60
    every_minutes: Annotated[int, Field(ge=5, le=10_080)] = 1_440
    pull: list[Pull] = []
    push: list[Push] = []

    def streams(self) -> list[Pull | Push]:
        """All that is exchanged, in order."""
        return [*self.pull, *self.push]


def ready() -> dict[str, str]:
    """The mappings that come with Tidu, by the names of their files."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(READY.glob("*.yaml"))}


def read(text: str) -> Mapping:
    """A mapping file; Invalid names every place that is wrong."""
    if len(text) > LARGEST_FILE:
        raise _wrong([f"超过 {LARGEST_FILE} 个字符 (too long)"])
    try:
        found = Mapping.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError) as error:
        raise _wrong([f"不是 YAML (not YAML): {str(error)[:200]}"]) from error
    except ValidationError as error:
        raise _wrong([f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
                      for one in error.errors()]) from error  # fmt: skip
    if strange := list(_strange(found)):
        raise _wrong(strange)
    return found


def _wrong(found: list[str]) -> Invalid:
    return Invalid("映射有误 (the mapping is wrong)：" + "；".join(found),
                   errors=[{"pointer": "/mapping", "detail": one} for one in found])  # fmt: skip


def _strange(found: Mapping) -> list[str]:
    names = [stream.name for stream in found.streams()]
    wrong = [f"{name}: 名称重复 (name used twice)" for name in set(names) if names.count(name) > 1]
    if not names:
        wrong.append("pull 和 push 都是空的 (nothing to exchange)")
    for pull in found.pull:
        known = _fields_of(pull.kind)
        if known is None:
            wrong.append(f"{pull.name}.kind: 没有 {pull.kind} (unknown kind)")
            continue
        given = {*pull.fields, *pull.constants}
        wrong += [f"{pull.name}.fields: 没有字段 {name} (unknown field)"
                  for name in sorted(given - known)]  # fmt: skip
        if "credit_code" not in given:
            wrong.append(f"{pull.name}.fields: 缺少 credit_code (is missing)")
        if pull.paging.style == "cursor" and pull.paging.next is None:
            wrong.append(f"{pull.name}.paging.next: 缺少 (is missing)")
    return wrong


def _fields_of(kind: str) -> set[str] | None:
    from app.exchange.headers import FIRM_HEADERS

    if kind == "firms":
        return set(FIRM_HEADERS)
    if kind == "figures":
        return {"credit_code", "year", *INDICATORS}
    if kind in RECORDS:
        return {"credit_code", *RECORDS[kind].schema.model_fields} - {"firm_id"}
    return None


def filled(template: str, values: Table[str, str]) -> str:
    """A text with `{names}` replaced; other braces stay."""
    return PLACE.sub(lambda found: values.get(found[1], found[0]), template)


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def ours(pull: Pull, item: Any) -> dict[str, Any]:
    """One of their records as a row of ours; what they leave empty is left out."""
    row: dict[str, Any] = dict(pull.constants)
    for name, theirs in pull.fields.items():
        value = at(item, theirs)
        if value is None or value == "":
            continue
        value = pull.values.get(name, {}).get(str(value), value)
        if name in pull.factors:
            value = str(Decimal(str(value)) * pull.factors[name])
        row[name] = value
    if pull.version is not None and (version := at(item, pull.version)) is not None:
        row["sender_version"] = version
    return row
