"""LibreOffice, as it starts once, opens every template and every export without a repair."""

from pathlib import Path
from urllib.parse import urlencode

from app.analyses.cubes import ANALYSES
from app.exchange import templates
from app.exchange.kinds import TEMPLATES
from app.exports import running
from tests.exports.asking import asked
from tests.imports.desk import FIRMS_HEADER, Desk, book
from tests.imports.test_imports import firm_row
from tests.office import opened

ALL = "name__ic=导出"
LISTS = {"firms": ALL, "pool": ALL, "heat": f"{ALL}&display=heat&set=hnte_2016", "board": "",
         "leads": "", "carriers": "", "records/loans": ""}  # fmt: skip


def test_every_template_and_export_opens(desk: Desk, tmp_path: Path) -> None:
    _templates(tmp_path)
    _lists(desk, tmp_path)
    _tables(desk, tmp_path)
    found = opened(tmp_path.glob("*.xlsx"), tmp_path)
    assert len(found) == len(list(tmp_path.glob("*.xlsx")))
    for name, template in TEMPLATES.items():
        for locale in ("zh", "en") if name in templates.TEMPLATES else ("zh",):
            for field in template.fields:
                assert field.head(locale) in found[f"{name}-{locale}"], (name, field.name)
    for of in ("firms", "pool", "heat", "board"):
        assert "=导出企业00" in found[of], of
    assert "=来一家" in found["leads"]
    assert "=孵化器" in found["carriers"] and "应得奖励（元）" in found["carriers"]
    assert "退回原因" in found["rejected"]
    assert all(found[name].strip() for name in (*ANALYSES, "behind", "standing", "figures"))


def _templates(folder: Path) -> None:
    for name, template in TEMPLATES.items():
        for locale in ("zh", "en") if name in templates.TEMPLATES else ("zh",):
            templates.write(folder / f"{name}-{locale}.xlsx", template, locale)


def _lists(desk: Desk, folder: Path) -> None:
    for name, query in LISTS.items():
        of = "pool" if name == "heat" else name
        number = asked(desk, of=of, query=query, format="xlsx")["id"]
        running.write(desk.engine, number)
        answer = desk.client.get(f"/exports/{number}/content")
        (folder / f"{name.replace('/', '-')}.xlsx").write_bytes(answer.content)


def _tables(desk: Desk, folder: Path) -> None:
    """One firm's, the analyses', and the rejected rows of an import."""
    firm = desk.client.get("/api/v1/firms?limit=1").json()["items"][0]["id"]
    paths = {part: f"/firms/{firm}/{part}/export" for part in ("standing", "figures")}
    paths |= {name: f"/analyses/{name}/export" for name in ANALYSES}
    paths["behind"] = "/analyses/structure/firms/export"
    for name, path in paths.items():
        answer = desk.client.get(f"{path}?{urlencode({'format': 'xlsx'})}")
        assert answer.status_code == 200, answer.text
        (folder / f"{name}.xlsx").write_bytes(answer.content)
    wrong = firm_row()
    wrong[1] = "9150"
    number = desk.send(book(FIRMS_HEADER, wrong))["id"]
    answer = desk.client.get(f"/api/v1/imports/{number}/rejected")
    (folder / "rejected.xlsx").write_bytes(answer.content)
