"""Every route of support, for the application."""

from fastapi import APIRouter

from app.support import api, opening_pages, pages

router = APIRouter()
for part in (api, pages, opening_pages):
    router.include_router(part.router)
