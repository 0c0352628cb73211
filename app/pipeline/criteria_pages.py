"""Pages of criteria: sets, one set with its articles, versions side by side, the reform run."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from app.accounts.auth import CurrentActor, Db, Reader
from app.core.clock import today
from app.core.errors import AppError, Invalid, NotFound
from app.core.web import render
from app.criteria import drafting, phrases
from app.criteria.compiler import LoadedSet
from app.criteria.policy import CriteriaSet
from app.criteria.schemas import CriterionExplanation
from app.criteria.store import all_sets, get_sets, measures, sources
from app.criteria.versions import side_by_side, told
from app.firms import queries
from app.firms.api import FirmId
from app.pipeline import reform
from app.pipeline.queries import explain
from app.pipeline.reform_api import may_reform
from app.pipeline.standing import by_criterion

router = APIRouter(include_in_schema=False)
LISTED = 200
WORDS = {"phrases": phrases}


@router.get("/criteria")
def criteria(request: Request, actor: Reader, db: Db) -> HTMLResponse:
    """Every version of every set."""
    sets = [s.policy for s in all_sets(db)]
    return render(request, "pipeline/criteria.html", sets=sets, day=today(), **WORDS)


@router.get("/criteria/{code}")
def criteria_set(request: Request, code: str, actor: Reader, db: Db) -> HTMLResponse:
    """One set with its articles, confidence and sources, and who stands where."""
    loaded = get_sets(db, [code])[0]
    policy = loaded.policy
    return render(
        request,
        "pipeline/criteria_set.html",
        policy=policy,
        measures=measures(),
        sources=sources(),
        texts=told(policy),
        versions=_versions(db, policy),
        standing=by_criterion(db, actor, loaded, today()),
        outer={criterion.id for criterion in policy.criteria},
        may_reform=actor.role is Role.ANALYST,
        day=today(),
        **WORDS,
    )


@router.get("/firms/{firm_id}/criteria/{code}/{criterion}")
def explanation(
    request: Request, firm_id: FirmId, code: str, criterion: str, actor: Reader, db: Db
) -> HTMLResponse:
    """How one firm stands to one criterion, and why."""
    firm = queries.get(db, actor, firm_id)
    loaded = get_sets(db, [code])[0]
    found = explain(db, firm_id, today(), codes=[code])[0]
    wanted = next((one for one in _nested(found.criteria) if one.id == criterion), None)
    if wanted is None:
        raise NotFound("这个条件版本没有这一条：请从列表打开 (no such criterion)")
    return render(
        request, "pipeline/criterion.html", firm=firm, policy=loaded.policy, criterion_=wanted,
        day=today(), measures=measures(), sources=sources(), **WORDS,
    )  # fmt: skip


def _nested(criteria: Iterable[CriterionExplanation]) -> Iterator[CriterionExplanation]:
    for one in criteria:
        yield one
        yield from _nested(one.members)


def _versions(session: Session, policy: CriteriaSet) -> list[CriteriaSet]:
    """Every version of the same title, first grants and reviews, oldest first."""
    found = [s.policy for s in all_sets(session) if s.policy.title == policy.title]
    return sorted(found, key=lambda one: (one.purpose, one.since))


@router.get("/criteria/{code}/versions/{other}")
def versions(request: Request, code: str, other: str, actor: Reader, db: Db) -> HTMLResponse:
    """Two versions side by side: what the later one adds, drops and changes."""
    one, two = (loaded.policy for loaded in get_sets(db, [code, other]))
    before, after = sorted((one, two), key=lambda policy: policy.since)
    return render(
        request,
        "pipeline/criteria_versions.html",
        before=before,
        after=after,
        pairs=side_by_side(before, after),
        **WORDS,
    )


# --- the reform run -----------------------------------------------------------------------------


@router.get("/criteria/{code}/reform")
def reform_form(request: Request, code: str, actor: CurrentActor, db: Db) -> HTMLResponse:
    """The current set with its thresholds to change, or a whole draft to give."""
    may_reform(actor)
    return _page(request, db, get_sets(db, [code])[0])


@router.post("/criteria/{code}/reform")
def run_reform(  # noqa: PLR0913 - a form with a file
    request: Request,
    code: str,
    actor: CurrentActor,
    db: Db,
    path: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    value: Annotated[list[str], Form()] = [],  # noqa: B006
    draft: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> HTMLResponse:
    """Who enters, leaves or turns unknown under the draft; the form stays as it was filled in."""
    may_reform(actor)
    current = get_sets(db, [code])[0]
    content = drafting.contents(db)[code]
    typed = dict(zip(path, value, strict=False))
    text = draft.strip() or _uploaded(file)
    try:
        raw = drafting.from_yaml(text) if text else _changed(content, current, typed)
        found = reform.compare(db, current, drafting.proved(db, raw), most=LISTED)
    except Invalid as problem:
        return _page(request, db, current, typed=typed, draft=text, problem=problem)
    return _page(request, db, current, typed=typed, draft=text, found=found)


def _uploaded(file: UploadFile | None) -> str:
    if file is None or not file.filename:
        return ""
    try:
        return file.file.read(drafting.LARGEST_DRAFT * 4).decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Invalid("草案文件不是 UTF-8 文本：请另存为 UTF-8 后上传 (not UTF-8)") from error


def _changed(content: dict[str, Any], current: LoadedSet, typed: dict[str, str]) -> dict[str, Any]:
    """The current set with the numbers that were changed in the form."""
    known = {one.path: str(one.value) for one in drafting.thresholds(content, current.policy)}
    changes = {
        place: text for place, text in typed.items()
        if text.strip() and text.strip() != known.get(place)
    }  # fmt: skip
    if not changes:
        raise Invalid("草案与现行版本相同：请先改一个门槛，或填写草案 (nothing was changed)")
    return drafting.with_thresholds(content, changes)


def _page(
    request: Request, session: Session, current: LoadedSet, *, typed: dict[str, str] | None = None,
    draft: str = "", problem: AppError | None = None, found: reform.Reform | None = None,
) -> HTMLResponse:  # fmt: skip
    content = drafting.contents(session)[current.policy.code]
    page = render(
        request,
        "pipeline/reform.html",
        policy=current.policy,
        labels={criterion.id: criterion for criterion in current.policy.walk()},
        thresholds=drafting.thresholds(content, current.policy),
        typed=typed or {},
        draft=draft,
        problem=problem,
        found=found,
        moves=reform.MOVES,
        listed=LISTED,
        **WORDS,
    )
    page.status_code = 200 if problem is None else problem.status
    return page
