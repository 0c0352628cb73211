"""What services and spin-offs need to know beyond themselves before they are kept."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Organisation
from app.core.errors import NotFound
from app.firms import queries
from app.firms.models import Contact, Firm
from app.firms.record_kinds import Values, attached, wrong


def served_by(session: Session, actor: Actor, values: Values) -> Values:
    """A service was given by the body that is named, or by the one that records it."""
    attached(session, actor, values)
    _for_a_case(session, values)
    _met(session, actor, values)
    number = values["organisation_id"]
    if number is None:
        return values | {"organisation_id": actor.organisation_id}
    if session.scalar(select(Organisation.id).where(Organisation.id == number)) is None:
        raise wrong("organisation_id", f"没有编号为 {number} 的单位：请填写已登记的单位，"
                     "或留空表示本单位 (no such organisation)")  # fmt: skip
    return values


def _for_a_case(session: Session, values: Values) -> None:
    """The case is the firm's own, and was not closed before the day."""
    if values["case_id"] is None:
        return
    case = queries.CASE
    row = session.execute(
        select(case.c.firm_id, case.c.closed_on).where(case.c.id == values["case_id"])
    ).first()
    if row is None or row.firm_id != values["firm_id"]:
        raise wrong("case_id", "这家企业没有这件帮扶事项：请核对或留空 (no such case of this firm)")
    if row.closed_on is not None and row.closed_on < values["served_on"]:
        raise wrong("case_id", f"该事项已于 {row.closed_on} 办结：请留空，或另开一件 "
                    f"(closed on {row.closed_on}: leave it empty, or open another)")  # fmt: skip


def _met(session: Session, actor: Actor, values: Values) -> None:
    """Who was met are contacts of the firm, named by somebody who may know them."""
    numbers = set(values["met"])
    if not numbers:
        return
    own = (
        select(Contact.id).join(Firm, Firm.id == Contact.firm_id)
        .where(Contact.id.in_(numbers), Contact.firm_id == values["firm_id"],
               queries.may_read_contacts(actor))
    )  # fmt: skip
    if missing := numbers - set(session.scalars(own)):
        raise wrong("met", f"联系人 {min(missing)} 不是这家企业的联系人，或您无权查看："
                    "请重新选择 (no contact of this firm that you may know of)")  # fmt: skip


def known_parent(session: Session, actor: Actor, values: Values) -> Values:
    """A parent firm is one that whoever records it may know of."""
    try:
        queries.get(session, actor, values["parent_id"])
    except NotFound as error:
        raise wrong("parent_id", f"{error.detail}：请先登记母体企业 (register it first)") from None
    return values
