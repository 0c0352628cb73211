"""Every route of support, for the application."""

from fastapi import APIRouter

from app.support import (
    api,
    board_pages,
    calendar_pages,
    clock_pages,
    handover_pages,
    holiday_pages,
    opening_pages,
    pages,
    plan_api,
    plan_pages,
    rules_api,
    rules_pages,
    worked_pages,
)

router = APIRouter()
# The board, the calendar and the handover before the pages of one case, whose number they are not.
for part in (api, worked_pages, board_pages, calendar_pages, handover_pages, pages, opening_pages,
             clock_pages, plan_api, plan_pages, rules_api, rules_pages, holiday_pages):  # fmt: skip
    router.include_router(part.router)
router.include_router(worked_pages.api)
