"""Services and stories: the kinds of this family."""

from app.firms.record_kinds import FactKind
from app.services.models import Provider, ProviderService, Story
from app.services.schemas import ProviderIn, ProviderServiceIn, StoryIn

KINDS = (
    FactKind("providers", "科技服务机构", Provider, ProviderIn, key=("name",), family="services"),
    FactKind("provider-services", "科技服务", ProviderService, ProviderServiceIn,
             key=("provider", "kind", "happened_on"), family="services", named="provider"),
    FactKind("stories", "典型案例", Story, StoryIn, key=("name",), family="services"),
)  # fmt: skip
