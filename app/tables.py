"""Every module of tables, imported once so that the metadata is whole."""

from app.accounts import models as accounts
from app.attraction import models as attraction
from app.audit import models as audit
from app.bulletins import models as bulletins
from app.connectors import models as connectors
from app.criteria import kinds
from app.criteria import models as criteria
from app.doors import models as doors
from app.entry import models as entry
from app.exports import models as exports
from app.firms import document_models as documents
from app.firms import duplicate_models as duplicates
from app.firms import flag_models as flags
from app.firms import models as firms
from app.forecasts import models as forecasts
from app.funding import models as funding
from app.imports import models as imports
from app.incubation import models as incubation
from app.innovation import models as innovation
from app.jobs import models as jobs
from app.leading import models as leading
from app.pipeline import models as pipeline
from app.plans import models as plans
from app.rankings import models as rankings
from app.services import models as services
from app.support import clock_models as reminders
from app.support import models as support
from app.support import peer_models as peers
from app.support import plan_models as firm_plans
from app.talent import models as talent
from app.target_lists import models as target_lists
from app.views import models as views
from app.webhooks import models as webhooks

ALL = (
    accounts, attraction, audit, bulletins, connectors, criteria, documents, doors, duplicates,
    entry, exports, firm_plans, firms, flags, forecasts, funding, imports, incubation, innovation,
    jobs, kinds, leading, peers, pipeline, plans, rankings, reminders, services, support, talent,
    target_lists, views,
    webhooks,
)  # fmt: skip
