"""Send firms and figures to Tidu and follow what changes there; made to be killed at any moment.

    export TIDU_URL=https://tidu.example TIDU_TOKEN=tidu_…
    python examples/sync.py push --firms firms.csv --figures figures.csv
    python examples/sync.py follow --seconds 60

It needs Python 3.11 and httpx, and uses nothing but the documented interface. What was sent and
what was read is kept in one SQLite file, each step in one transaction: started again it goes on
where it was. See docs/integration.md.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

ROWS, PAGE = 1_000, 1_000
LONGEST_WAIT = 30
# What a Chinese export calls the fields; a header that is a field's name already stays.
FIELDS = {
    "企业名称": "name", "统一社会信用代码": "credit_code", "注册日期": "registered_on",
    "企业类型": "legal_form", "注册资金": "registered_capital", "经营范围": "business_scope",
    "地区": "region", "注册地址": "address", "年度": "year",
}  # fmt: skip
LEFT_OUT = {"所在省份", "序号"}
MISSING = {"", "N/A", "-", "无"}
TABLES = """
create table if not exists sent (batch text primary key);
create table if not exists refused (kind text, row text, reasons text, primary key (kind, row));
create table if not exists event (seq integer primary key, kind text, firm_id integer, body text);
create table if not exists position (after integer);
"""
Row = dict[str, Any]


class Refused(Exception):
    """The service will not take this, however often it is sent."""


class Tidu:
    """The service, asked until it answers."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=90)

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """The answer's JSON; what fails for now is tried again, ever later."""
        attempt = 0
        while True:
            try:
                answer = self.client.request(method, path, **given)
                if answer.status_code < 400:
                    return answer.json()
                if answer.status_code not in (408, 429) and answer.status_code < 500:
                    raise Refused(f"{answer.status_code}: {answer.text}")
                pause = float(answer.headers.get("Retry-After", 0))
            except (httpx.TransportError, json.JSONDecodeError):
                pause = 0.0
            attempt += 1
            later = min(LONGEST_WAIT, 2**attempt / 4) * random.uniform(0.5, 1)  # noqa: S311 - no secret
            time.sleep(max(pause, later))


def push(tidu: Tidu, state: sqlite3.Connection, kind: str, file: Path) -> None:
    """Send a file's rows, a batch at a time; a batch that arrived is not sent again."""
    for number, rows in enumerate(batches(read(file))):
        body = json.dumps({"rows": rows}, ensure_ascii=False).encode()
        key = f"{kind}-{number}-{hashlib.sha256(body).hexdigest()[:32]}"
        if state.execute("select 1 from sent where batch = ?", [key]).fetchone():
            continue
        # Killed after this, the same key is sent again: it is answered, and not done again.
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        done = tidu.ask("POST", f"/api/v1/{kind}:batch", content=body, headers=headers)
        refused = [
            (kind, json.dumps(rows[one["index"]], ensure_ascii=False),
             json.dumps(one["errors"], ensure_ascii=False))
            for one in done["results"] if one["status"] == "rejected"
        ]  # fmt: skip
        with state:
            state.executemany("insert or replace into refused values (?, ?, ?)", refused)
            state.execute("insert into sent values (?)", [key])
        counts = {name: done[name] for name in ("created", "updated", "unchanged", "rejected")}
        print(f"{kind} {number}: {counts}", flush=True)


def follow(tidu: Tidu, state: sqlite3.Connection, seconds: float) -> None:
    """Store what changed, in order; an event and the position after it are stored together."""
    deadline = time.monotonic() + seconds
    after = (state.execute("select after from position").fetchone() or [0])[0]
    while True:
        left = deadline - time.monotonic()
        asked = {"after": after, "limit": PAGE, "wait": max(0, min(20, int(left)))}
        page = tidu.ask("GET", "/api/v1/events", params=asked)
        found = [(one["seq"], one["kind"], one["firm_id"], json.dumps(one, ensure_ascii=False))
                 for one in page["items"]]  # fmt: skip
        after = page["next"]
        with state:
            state.executemany("insert into event values (?, ?, ?, ?)", found)
            state.execute("delete from position")
            state.execute("insert into position values (?)", [after])
        if not found and time.monotonic() >= deadline:
            return


def read(file: Path) -> Iterator[Row]:
    """A CSV file's rows by field name, without what is missing."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for typed in csv.DictReader(opened):
            yield {
                FIELDS.get(name, name): value.strip()
                for name, value in typed.items()
                if name not in LEFT_OUT and value is not None and value.strip() not in MISSING
            }


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """As many rows as are sent at once."""
    found: list[Row] = []
    for row in rows:
        found.append(row)
        if len(found) == ROWS:
            yield found
            found = []
    if found:
        yield found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("do", choices=["push", "follow"])
    parser.add_argument("--firms", type=Path)
    parser.add_argument("--figures", type=Path)
    parser.add_argument("--seconds", type=float, default=0, help="how long to follow")
    parser.add_argument("--state", type=Path, default=Path("sync.db"))
    given = parser.parse_args()
    tidu = Tidu(os.environ["TIDU_URL"], os.environ["TIDU_TOKEN"])
    state = sqlite3.connect(given.state)
    state.executescript(TABLES)
    try:
        if given.do == "follow":
            follow(tidu, state, given.seconds)
        for kind in ("firms", "figures"):
            if given.do == "push" and (file := getattr(given, kind)) is not None:
                push(tidu, state, kind, file)
    except Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main()
