"""Which firm a row is about, where it names it by its sender's own number instead of a credit code.

A sender (a source, and the organisation that speaks for it) may number firms as it likes. A row
that gives both number and code teaches the number; from then on the number alone will do. A name
alone is nobody's identity: it only proposes firms, and a person confirms one.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

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


class Numbers:
    """What one sender's numbers stand for, and what its rows say of them."""

    def __init__(
        self, session: Session, actor: Actor, source: str, report: Report,
        named: str = EXTERNAL, wanted: list[str] | None = None,
    ) -> None:  # fmt: skip
        """`named` is what faults call the number; `wanted` are those that will be needed, if not
        all of them.
        """
        self.session, self.report, self.named = session, report, named
        self.sender = f"{source}:{actor.organisation_id or ''}"
        self.told: dict[str, tuple[int, str]] = {}
        self.known: dict[str, str | None] = {}
        if wanted == []:
            return
        numbers = (
            select(FirmExternalId.external_id, Firm.credit_code)
            .join(Firm, Firm.id == FirmExternalId.firm_id)
            .where(FirmExternalId.sender == self.sender, visible(actor))
        )
        if wanted is not None:
            these = literal(wanted, ARRAY(Text))
            numbers = numbers.where(FirmExternalId.external_id == func.any(these))
        self.known = {said: code for said, code in session.execute(numbers)}

    def code(self, row: int, said: str, code: str) -> str:
        """The credit code of a row that says a number, perhaps beside a code."""
        if not _sound(said):
            self._fault(row, said, f"应为 1 至 {LONGEST} 个可见字符",
                        f"give 1 to {LONGEST} visible characters")  # fmt: skip
        elif code and self.known.get(said, code) != code:
            self._fault(row, said, f"这个编号已是代码为 {self.known[said]} 的企业：请核对",
                        f"this number is that of {self.known[said]}: check it")  # fmt: skip
        elif code:
            self._learn(row, said, code)
        elif (known := self.known.get(said)) is not None:
            return known
        else:
            self._fault(
                row, said, "还不知道这个编号是哪家企业：请同时填写统一社会信用代码",
                "nobody has said whose number this is: give the credit code once",
            )  # fmt: skip
        return code

    def _learn(self, row: int, said: str, code: str) -> None:
        first, other = self.told.setdefault(said, (row, code))
        if other != code:
            self._fault(row, said, f"与第 {first} 行的同一编号代码不同：请核对",
                        f"row {first} gives this number another code: check both")  # fmt: skip

    def _fault(self, row: int, said: str, zh: str, en: str) -> None:
        self.report.faults.append(Fault(row, self.named, said[:SHOWN], zh, en))

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


class Identities:
    """The firms of one file by their sender's numbers; does nothing where no column holds them."""

    def __init__(
        self, session: Session, actor: Actor, source: str, columns: list[Column | None],
        report: Report,
    ) -> None:  # fmt: skip
        places = {one.field: place for place, one in enumerate(columns) if one is not None}
        self.id_at, self.code_at = places.get(EXTERNAL), places.get(CODE, len(columns))
        self.columns, self.numbers = columns, None
        if self.id_at is None:
            return
        number = columns[self.id_at]
        assert number is not None
        self.numbers = Numbers(session, actor, source, report, number.header)
        # The number is read here; to everybody else the row has a code.
        self.columns = [None if place == self.id_at else one for place, one in enumerate(columns)]
        if CODE not in places:
            self.columns.append(Column(CODE, number.header))

    def rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The same rows, with the credit codes that their numbers stand for."""
        if self.id_at is None or self.numbers is None:
            yield from rows
            return
        for number, cells in rows:
            yield number, self._identified(number, cells, self.id_at, self.numbers)

    def _identified(self, row: int, cells: list[Any], id_at: int, numbers: Numbers) -> list[Any]:
        said = folded(cells[id_at]) if id_at < len(cells) else ""
        if not said:
            return cells
        typed = folded(cells[self.code_at]).upper() if self.code_at < len(cells) else ""
        found = numbers.code(row, said, typed)
        if found != typed:
            cells = [*cells, *[""] * (self.code_at + 1 - len(cells))]
            cells[self.code_at] = found
        return cells

    def keep(self) -> None:
        """Remember the numbers of the rows that were taken."""
        if self.numbers is not None:
            self.numbers.keep()


def _sound(said: str) -> bool:
    return 0 < len(said) <= LONGEST and said.isprintable()


def identified(
    session: Session, actor: Actor, source: str, rows: list[dict[str, Any]], report: Report
) -> tuple[Numbers, list[tuple[int, dict[str, Any]]]]:
    """The rows of a request, numbered, with the credit codes that their sender's numbers stand for.

    A row whose number cannot be right is a fault and left out. The numbers are to be kept in the
    end.
    """
    said = [folded(row.pop(EXTERNAL, None) or "") for row in rows]
    numbers = Numbers(session, actor, source, report, wanted=[one for one in said if _sound(one)])
    kept = []
    for n, (row, number) in enumerate(zip(rows, said, strict=True)):
        if number:
            row[CODE] = numbers.code(n, number, folded(row.get(CODE) or "").upper())
        if not report.last_faulty(n):
            kept.append((n, row))
    return numbers, kept
