"""Which firm a row is about, where it names it by its sender's own number instead of a credit code.

A sender (a source, and the organisation that speaks for it) may number firms as it likes. A row
that gives both number and code teaches the number; from then on the number alone will do. A name
alone is nobody's identity: it only proposes firms, and a person confirms one.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.exchange.headers import CODE, EXTERNAL, Column, Row
from app.exchange.report import Fault, Report
from app.exchange.values import folded
from app.firms.models import Firm, FirmExternalId
from app.firms.queries import visible

LONGEST, SHOWN = 100, 80
KEEP = text("""
insert into firm_external_id (sender, external_id, firm_id)
select :sender, said.external_id, firm.id
from unnest(cast(:ids as text[]), cast(:codes as text[])) as said (external_id, credit_code)
join firm using (credit_code)
on conflict do nothing
""")


class Identities:
    """The firms of one file by their sender's numbers; does nothing where no column holds them."""

    def __init__(
        self, session: Session, actor: Actor, source: str, columns: list[Column | None],
        report: Report,
    ) -> None:  # fmt: skip
        self.session, self.report = session, report
        self.sender = f"{source}:{actor.organisation_id or ''}"
        places = {one.field: place for place, one in enumerate(columns) if one is not None}
        self.id_at, self.code_at = places.get(EXTERNAL), places.get(CODE, len(columns))
        self.columns = columns
        self.told: dict[str, tuple[int, str]] = {}
        self.known: dict[str, str | None] = {}
        if self.id_at is None:
            return
        number = columns[self.id_at]
        assert number is not None
        self.header = number.header
        # The number is read here; to everybody else the row has a code.
        self.columns = [None if place == self.id_at else one for place, one in enumerate(columns)]
        if CODE not in places:
            self.columns.append(Column(CODE, self.header))
        numbers = (
            select(FirmExternalId.external_id, Firm.credit_code)
            .join(Firm, Firm.id == FirmExternalId.firm_id)
            .where(FirmExternalId.sender == self.sender, visible(actor))
        )  # fmt: skip
        self.known = {said: code for said, code in session.execute(numbers)}

    def rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The same rows, with the credit codes that their numbers stand for."""
        if self.id_at is None:
            yield from rows
            return
        for number, cells in rows:
            yield number, self._identified(number, cells, self.id_at)

    def _identified(self, row: int, cells: list[Any], id_at: int) -> list[Any]:
        said = folded(cells[id_at]) if id_at < len(cells) else ""
        code = folded(cells[self.code_at]).upper() if self.code_at < len(cells) else ""
        if not said:
            return cells
        if len(said) > LONGEST:
            self._fault(row, said, f"最多 {LONGEST} 字", f"at most {LONGEST} characters")
        elif code and self.known.get(said, code) != code:
            self._fault(row, said, f"这个编号已是代码为 {self.known[said]} 的企业：请核对",
                        f"this number is that of {self.known[said]}: check it")  # fmt: skip
        elif code:
            self._learn(row, said, code)
        elif self.known.get(said):
            cells = [*cells, *[""] * (self.code_at + 1 - len(cells))]
            cells[self.code_at] = self.known[said]
        else:
            self._fault(
                row, said, "还不知道这个编号是哪家企业：请同时填写统一社会信用代码",
                "nobody has said whose number this is: give the credit code once",
            )  # fmt: skip
        return cells

    def _learn(self, row: int, said: str, code: str) -> None:
        first, other = self.told.setdefault(said, (row, code))
        if other != code:
            self._fault(row, said, f"与第 {first} 行的同一编号代码不同：请核对",
                        f"row {first} gives this number another code: check both")  # fmt: skip

    def _fault(self, row: int, said: str, zh: str, en: str) -> None:
        self.report.faults.append(Fault(row, self.header, said[:SHOWN], zh, en))

    def keep(self) -> None:
        """Remember the numbers of the rows that were taken."""
        faulty = {fault.row for fault in self.report.faults}
        new = [(said, code) for said, (row, code) in self.told.items()
               if row not in faulty and said not in self.known]  # fmt: skip
        if new:
            ids, codes = zip(*new, strict=True)
            self.session.execute(
                KEEP, {"sender": self.sender, "ids": list(ids), "codes": list(codes)}
            )
