"""Every module of tables, imported once so that the metadata is whole."""

from app.accounts import models as accounts
from app.audit import models as audit
from app.criteria import models as criteria
from app.entry import models as entry
from app.firms import document_models as documents
from app.firms import flag_models as flags
from app.firms import models as firms
from app.incubation import models as incubation
from app.innovation import models as innovation
from app.jobs import models as jobs
from app.leading import models as leading
from app.pipeline import models as pipeline
from app.plans import models as plans
from app.support import models as support
from app.views import models as views
from app.webhooks import models as webhooks

ALL = (
    accounts, audit, criteria, documents, entry, firms, flags, incubation, innovation, jobs,
    leading, pipeline, plans, support,
    views, webhooks,
)  # fmt: skip
