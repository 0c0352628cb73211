"""All pages of people and sign-in."""

from fastapi import APIRouter

from app.accounts import account_pages, admin_pages, invitation_pages, oidc_pages, pages

router = APIRouter(include_in_schema=False)
for part in (pages, oidc_pages, invitation_pages, account_pages, admin_pages):
    router.include_router(part.router)
