"""Every route of support, for the application."""

from fastapi import APIRouter

from app.support import api, clock_pages, opening_pages, pages, plan_pages, worked_pages

router = APIRouter()
for part in (api, worked_pages, pages, opening_pages, clock_pages, plan_pages):
    router.include_router(part.router)
router.include_router(worked_pages.api)
