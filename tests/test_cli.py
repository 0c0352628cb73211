"""The command line on a data folder of its own: results, exit codes, errors in one line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import xlsxwriter
from fastapi.testclient import TestClient

from app import cli
from app.core.db import make_engine
from app.core.postgres import running
from app.core.settings import Settings
from app.core.terminal import console
from app.main import create_app
from tests.exchange.files import FIRM_HEADER, csv_file
from tests.factories import credit_code

CODES = [credit_code(55_000_000 + n) for n in range(4)]
ROWS = [f"武陵第{n}科技有限公司,{code},2018-05-31,黔江,{n}00" for n, code in enumerate(CODES)]
PASSWORD = "long-and-plain-2027"  # noqa: S105


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


Tidu = Callable[..., Done]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A data folder whose server stays up between commands."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("home"), durable=False, database_url=None)
    with running(settings):
        yield settings


@pytest.fixture
def tidu(
    home: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tidu:
    """Calls the command line as the shell does."""
    monkeypatch.setenv("TIDU_DATA_DIR", str(home.data_dir))
    monkeypatch.setenv("TIDU_DURABLE", "false")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(console, "_width", 200)

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["tidu", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return Done(int(str(ended.value.code)), printed.out, printed.err)

    return call


def refused(done: Done, told: str, code: int = 2) -> None:
    """One line that says what is wrong, and nothing on standard output."""
    assert (done.code, done.out) == (code, ""), done
    assert done.err.startswith("tidu: ") and told in done.err, done.err
    assert done.err.count("\n") == 1, done.err


def counts(found: Any) -> tuple[int, int, int, int, bool]:
    """Created, updated, unchanged, rejected, applied; they add up to the rows."""
    numbers = [found[name] for name in ("created", "updated", "unchanged", "rejected")]
    assert sum(numbers) == found["rows"]
    return (*numbers, found["applied"])


def test_firms_dry_then_atomic_then_skipping(tidu: Tidu, tmp_path: Path) -> None:
    bad = csv_file(tmp_path, FIRM_HEADER, *ROWS[:2], f"坏公司,{CODES[3]},2999-01-01,火星,x")
    dry = tidu("import", "firms", bad, "--dry-run", "--json")
    assert (dry.code, counts(dry.json())) == (1, (2, 0, 0, 1, False))
    assert {e["column"] for e in dry.json()["errors"]} == {"成立日期", "地区", "注册资本（万元）"}
    atomic = tidu("import", "firms", bad)
    assert atomic.code == 1 and "未写入任何一行" in atomic.out and "日期在将来" in atomic.out
    assert "--skip-bad-rows" in tidu("import", "firms", bad, "--locale", "en").out
    target = tmp_path / "rejected.csv"
    kept = tidu("import", "firms", bad, "--skip-bad-rows", "--rejected", target, "--json")
    assert (kept.code, counts(kept.json())) == (1, (2, 0, 0, 1, True))
    lines = target.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == f"{FIRM_HEADER},退回原因" and lines[1].startswith("坏公司,")
    assert "没有行政区划" in lines[1] and len(lines) == 2
    again = tidu("import", "firms", csv_file(tmp_path, FIRM_HEADER, *ROWS[:3]), "--json")
    assert (again.code, counts(again.json())) == (0, (1, 0, 2, 0, True))
    # The rejected rows, corrected, are a file that can be imported.
    corrected = "\n".join(lines).replace("2999-01-01,火星,x", "2018-05-31,黔江,1")
    target.write_text(corrected, encoding="utf-8-sig")
    last = tidu("import", "firms", target, "--json")
    assert (last.code, counts(last.json())) == (0, (1, 0, 0, 0, True)), last


def test_what_was_imported_but_deserves_a_look(tidu: Tidu, tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "企业名称,统一社会信用代码,注册资本", f"武陵外资,{CODES[0]},6(万美元)"
    )
    noted = tidu("import", "firms", path, "--dry-run")
    assert noted.code == 0 and "不是人民币" in noted.out and "试运行" in noted.out
    assert "没有数据行" in tidu("import", "firms", csv_file(tmp_path, FIRM_HEADER)).out


def test_figures_sources_and_an_explanation(tidu: Tidu, tmp_path: Path) -> None:
    tidu("import", "firms", csv_file(tmp_path, FIRM_HEADER, ROWS[0]))
    header = "统一社会信用代码,年度,职工总数,科技人员,备注"
    path = csv_file(tmp_path, header, f"{CODES[0]},2025,50,2,好", f"{CODES[0]},2024,48,2,")
    refused_header = tidu("import", "figures", path)
    assert refused_header.code == 2 and "--ignore 备注" in refused_header.err
    done = tidu("import", "figures", path, "--ignore", "备注", "--source", "tax_bureau", "--json")
    assert (done.code, counts(done.json())) == (0, (2, 0, 0, 0, True))
    lesser = csv_file(tmp_path, "统一社会信用代码,年度,职工总数", f"{CODES[0]},2025,70")
    kept = tidu("import", "figures", lesser, "--source", "self_reported")
    assert kept.code == 0 and "待裁定: 1" in kept.out
    blank = csv_file(tmp_path, header, f"{CODES[0]},2024,48,,")
    cleared = tidu("import", "figures", blank, "--ignore", "备注", "--source", "tax_bureau",
                   "--clear-blanks", "--json")  # fmt: skip
    assert counts(cleared.json()) == (0, 1, 0, 0, True)

    found = tidu("explain", CODES[0], "--set", "hnte_2016", "--as-of", "2026-06-30", "--json")
    (assessment,) = found.json()["assessments"]
    by_id = {criterion["id"]: criterion for criterion in assessment["criteria"]}
    assert by_id["hnte.staff"]["outcome"] == "unmet"
    assert (by_id["hnte.staff"]["gap"], by_id["hnte.staff"]["gap_unit"]) == ("3", "person")
    shown = tidu("explain", CODES[0].lower(), "--set", "hnte_2016", "--as-of", "2026-06-30")
    assert "科技人员" in shown.out and "第十一条（四）" in shown.out
    english = tidu("explain", CODES[0], "--set", "hnte_2016", "--locale", "en")
    assert "science and technology staff" in english.out.lower()


def test_evaluate_and_pool(tidu: Tidu, tmp_path: Path) -> None:
    tidu("import", "firms", csv_file(tmp_path, FIRM_HEADER, *ROWS))
    run = tidu("evaluate", "--as-of", "2026-06-30", "--json").json()
    assert run["as_of"] == "2026-06-30" and run["firms"] >= len(ROWS)
    assert "0 verdicts changed" in tidu("evaluate", "--as-of", "2026-06-30").out
    listed = tidu("pool", "q=武陵第", "outcome__n=met", "--set", "hnte_2016", "--order=-name",
                  "--columns", "name, gap_count", "--limit", "3", "--json").json()  # fmt: skip
    names = [item["name"] for item in listed["items"]]
    assert names == sorted(names, reverse=True) and len(names) == 3 and listed["next"]
    assert set(listed["items"][0]) == {"name", "gap_count"} and listed["count"] == len(ROWS)
    table = tidu("pool", "q=武陵第1", "--columns", "name,rung")
    assert "武陵第1科技有限公司" in table.out and "1 / 1" in table.out


def test_what_stands_in_brackets_is_shown(tidu: Tidu, tmp_path: Path) -> None:
    row = f"武陵[bold]集团[/x]有限公司,{CODES[3]},2018-05-31,黔江,[1]"
    refused_row = tidu("import", "firms", csv_file(tmp_path, FIRM_HEADER, row))
    assert refused_row.code == 1 and "[1]" in refused_row.out
    tidu("import", "firms", csv_file(tmp_path, FIRM_HEADER, row.replace("[1]", "1")))
    for shown in (tidu("pool", "q=集团", "--columns", "name"), tidu("explain", CODES[3])):
        assert shown.code == 0 and "武陵[bold]集团[/x]有限公司" in shown.out


def test_a_person_and_a_token_may_come_in(
    tidu: Tidu, home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tidu("user", "invite", "zhang", "--role", "analyst")
    assert made.code == 0 and "/invitations/" in made.out
    refused(tidu("user", "invite", "zhang", "--role", "analyst"), "zhang")
    token = tidu("token", "create", "--organisation", "science", "--name", "nightly",
                 "--scope", "firms:read", "--json").json()["token"]  # fmt: skip
    # The application keeps the stream it logs to, so not the one captured here.
    with running(home) as url, capsys.disabled():
        engine = make_engine(url, home)
        with TestClient(create_app(home, engine)) as client:
            headers = {"authorization": f"Bearer {token}"}
            assert client.get("/api/v1/firms", headers=headers).status_code == 200
            assert client.get("/api/v1/firms").status_code == 401
        engine.dispose()


def test_doctor_and_criteria(tidu: Tidu, tmp_path: Path) -> None:
    doctor = tidu("doctor")
    assert doctor.code == 0 and "PostgreSQL" in doctor.out and "criteria sets" in doctor.out
    codes = {s["code"] for s in tidu("criteria", "list", "--json").json()}
    assert {"hnte_2016", "srdi_2026"} <= codes
    path = tmp_path / "set.yaml"
    for content, told in (("a,b", "不是条件版本"), ("code: [x", "YAML")):
        path.write_text(content, encoding="utf-8")
        refused(tidu("criteria", "load", path), told)
    path.write_text("code: x\ncriteria: []\n", encoding="utf-8")
    faulty = tidu("criteria", "load", path)
    assert faulty.code == 2 and "  title: " in faulty.err and "处错误" in faulty.err


def test_every_mistake_is_one_line_with_the_way_out(tidu: Tidu, tmp_path: Path) -> None:
    path = csv_file(tmp_path, FIRM_HEADER, ROWS[0])
    refused(tidu("frobnicate"), "frobnicate")
    refused(tidu("import"), "firms")
    refused(tidu("import", "firm", path), "firms, figures")
    refused(tidu("import", "firms", tmp_path / "nowhere.csv"), "没有文件")
    refused(tidu("import", "firms", path, "--source", "gossip"), "tax_bureau")
    refused(tidu("import", "firms", path, "--mapping", "nowhere"), "chongqing-registry")
    refused(tidu("import", "firms", path, "--rejected", tmp_path / "no" / "x.csv"), "--rejected")
    refused(tidu("import", "firms", path, "--locale", "fr"), "'zh', 'en'")
    refused(tidu("evaluate", "--as-of", "30.6.2026"), "2026-03-31")
    refused(tidu("explain", "123"), "没有统一社会信用代码为 123")
    refused(tidu("explain", CODES[0], "--set", "nowhere"), "nowhere")
    refused(tidu("pool", "rungg=certified"), "did you mean rung?")
    refused(tidu("pool", "--columns", "nmae"), "did you mean name?")
    refused(tidu("pool", "--set", "hnte_2015"), "hnte_2016")
    refused(tidu("token", "create", "--organisation", "nowhere", "--name", "x",
                 "--scope", "firms:read"), "nowhere")  # fmt: skip


def test_without_arguments_there_is_help(tidu: Tidu) -> None:
    for arguments in ((), ("token",)):
        shown = tidu(*arguments)
        assert (shown.code, shown.err) == (2, "") and "Commands" in shown.out
    assert tidu("import", "--help").code == 0


def test_settings_and_databases_that_cannot_be(
    tidu: Tidu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIDU_PORT", "abc")
    refused(tidu("doctor"), "TIDU_PORT")
    monkeypatch.delenv("TIDU_PORT")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    refused(tidu("doctor"), "DATABASE_URL", code=3)
    monkeypatch.delenv("DATABASE_URL")
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("TIDU_DATA_DIR", str(blocked))
    refused(tidu("doctor"), "TIDU_DATA_DIR", code=3)


def test_a_process_of_its_own(home: Settings, tmp_path: Path, monkeypatch: Any) -> None:
    """No traceback and no control codes where nobody looks at a terminal."""
    monkeypatch.setenv("TIDU_DATA_DIR", str(home.data_dir))
    with xlsxwriter.Workbook(str(tmp_path / "given.xlsx")) as book:
        book.add_worksheet().write_row(0, 0, ["企业名称", "颜色"])
    done = subprocess.run(
        [sys.executable, "-m", "app", "import", "firms", str(tmp_path / "given.xlsx")],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert [line[:6] for line in done.stderr.splitlines()] == ["tidu: ", "  第 2 "]
