"""Mapping files: headers by hand, values by hand, and words that mean “missing”."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from app.core.errors import Invalid
from app.core.wording import said
from app.exchange.values import squeezed

HERE = Path(__file__).parent / "mappings"
IGNORE = "ignore"


@dataclass(frozen=True)
class Mapping:
    """Headers by hand, values by hand, and words that mean “missing”."""

    columns: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str | None] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()

    def ignoring(self, headers: list[str]) -> "Mapping":
        """The same, with more columns left out."""
        return replace(self, columns=self.columns | dict.fromkeys(headers, IGNORE))

    def said_of(self, header: str) -> str | None:
        """What the mapping says a header is; white space and line breaks make no difference."""
        wanted = squeezed(header)
        return next((said for own, said in self.columns.items() if squeezed(own) == wanted), None)


Text = Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, int) else v)]


class Written(BaseModel):
    """A mapping file's keys; a district's code may be written as a number."""

    model_config = ConfigDict(extra="forbid")
    columns: dict[Text, Text] = {}
    regions: dict[Text, Text | None] = {}
    missing: list[Text] = []


def shipped() -> list[str]:
    """The mappings that ship with Tidu, by name."""
    return sorted(path.stem for path in HERE.glob("*.yaml"))


def load(name_or_path: str | None) -> Mapping:
    """A mapping that ships with Tidu, by name, or a file; raises Invalid."""
    if name_or_path is None:
        return Mapping()
    path = HERE / f"{name_or_path}.yaml"
    if not path.is_file():
        path = Path(name_or_path)
    if not path.is_file():
        raise Invalid(
            f"没有映射 {name_or_path}：请给出映射文件路径，或用自带的 {', '.join(shipped())} "
            "(no such mapping)"
        )
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        written = Written.model_validate(raw)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(
            f"映射 {path.name} 不是有效的 UTF-8 YAML 文件：请检查缩进、冒号和编码 (not valid YAML)"
        ) from error
    except ValidationError as error:
        faults = "；".join(
            f"{'/'.join(map(str, e['loc'])) or '文件'}: {said(e)}" for e in error.errors()
        )
        raise Invalid(
            f"映射 {path.name} 有误（{faults}）：可用的键是 columns、regions、missing "
            "(keys are columns, regions, missing)"
        ) from error
    return Mapping(written.columns, written.regions, frozenset(written.missing))
