"""Who writes."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.accounts.actor import Role
from tests import people


@pytest.fixture
def analyst(db: Session) -> TestClient:
    """Somebody who may write every firm."""
    return people.person(db, Role.ANALYST)
