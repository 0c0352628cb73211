"""The same tables in Django REST Framework's usual style: models, serializers, django-filter."""

import hashlib
from typing import Any

import django
from django.conf import settings as django_settings


def application(host: str, name: str) -> Any:
    """A WSGI application with `/drf/firms` and `/drf/firms/<credit code>`."""
    django_settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="bench", USE_TZ=True,  # noqa: S106
        DATABASES={"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": name, "HOST": host,
            "USER": "postgres", "CONN_MAX_AGE": None, "OPTIONS": {"options": "-c jit=off"}}},
        INSTALLED_APPS=["django.contrib.postgres", "django.contrib.contenttypes",
                        "django.contrib.auth", "rest_framework", "django_filters"],
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": [f"{__name__}.Bearer"],
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend",
                                        "rest_framework.filters.OrderingFilter"],
            "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "PAGE_SIZE": 50, "UNAUTHENTICATED_USER": None},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )  # fmt: skip
    django.setup()
    from django.core.wsgi import get_wsgi_application

    global urlpatterns  # noqa: PLW0603 - Django's convention
    urlpatterns = _urls()
    return get_wsgi_application()


urlpatterns: list[Any] = []


class Bearer:
    """A token found by its digest, as ours is."""

    def authenticate(self, request: Any) -> Any:
        from django.db import connection
        from rest_framework.exceptions import AuthenticationFailed

        secret = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        with connection.cursor() as cursor:
            cursor.execute("select id from token where token_hash = %s and revoked_at is null",
                           [hashlib.sha256(secret).hexdigest()])  # fmt: skip
            found = cursor.fetchone()
        if found is None:
            raise AuthenticationFailed
        return type("Machine", (), {"is_authenticated": True, "id": found[0]})(), None

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


def _urls() -> list[Any]:
    from django.contrib.postgres.fields import DateRangeField
    from django.db import models
    from django.urls import path
    from django_filters import rest_framework as filters
    from rest_framework import serializers, viewsets

    def table(name: str) -> Any:
        return type("Meta", (), {"managed": False, "db_table": name, "app_label": "bench"})

    def text() -> Any:
        return models.TextField(null=True)

    class Organisation(models.Model):
        code, name, name_en = text(), text(), text()
        Meta = table("organisation")

    class Firm(models.Model):
        credit_code, name, status, region_code = text(), text(), text(), text()
        address, industry_code, hightech_field, chain = text(), text(), text(), text()
        legal_form, business_scope, origin, status_reason = text(), text(), text(), text()
        source, pinyin = text(), text()
        registered_on = models.DateField(null=True)
        status_on = models.DateField(null=True)
        resident_enterprise = models.BooleanField(null=True)
        registered_capital = models.BigIntegerField(null=True)
        demo = models.BooleanField()
        version = models.IntegerField()
        recorded_at = models.DateTimeField()
        Meta = table("firm")

    def of_firm(related: str) -> Any:
        return models.ForeignKey(Firm, models.CASCADE, related_name=related)

    class Designation(models.Model):
        firm, kind = of_firm("designations"), text()
        valid, superseded_at = DateRangeField(), models.DateTimeField(null=True)
        Meta = table("designation")

    class Location(models.Model):
        firm, park = of_firm("locations"), models.ForeignKey(Organisation, models.CASCADE)
        during, superseded_at = DateRangeField(), models.DateTimeField(null=True)
        Meta = table("location")

    class Residency(models.Model):
        firm, incubator = of_firm("residencies"), models.ForeignKey(Organisation, models.CASCADE)
        during, superseded_at = DateRangeField(), models.DateTimeField(null=True)
        Meta = table("residency")

    class PlaceOut(serializers.ModelSerializer):
        class Meta:
            model, fields = Organisation, ("code", "name", "name_en")

    class DesignationOut(serializers.ModelSerializer):
        class Meta:
            model, fields = Designation, ("kind",)

    class LocationOut(serializers.ModelSerializer):
        park = PlaceOut()

        class Meta:
            model, fields = Location, ("park",)

    class ResidencyOut(serializers.ModelSerializer):
        incubator = PlaceOut()

        class Meta:
            model, fields = Residency, ("incubator",)

    beside = {"designations": DesignationOut(many=True), "locations": LocationOut(many=True),
              "residencies": ResidencyOut(many=True)}  # fmt: skip
    listed = ("id", "credit_code", "name", "status", "registered_on", "region_code",
              "industry_code", "hightech_field", "chain", "origin", *beside)  # fmt: skip
    whole = (*listed, "address", "legal_form", "business_scope", "status_on", "status_reason",
             "resident_enterprise", "registered_capital", "source", "demo", "version",
             "recorded_at")  # fmt: skip

    def serializer(name: str, columns: tuple[str, ...]) -> Any:
        meta = type("Meta", (), {"model": Firm, "fields": columns})
        return type(name, (serializers.ModelSerializer,), {**beside, "Meta": meta})

    class Filters(filters.FilterSet):
        class Meta:
            model = Firm
            fields = {"registered_on": ["gte"], "industry_code": ["startswith"]}  # noqa: RUF012

    class Firms(viewsets.ReadOnlyModelViewSet):
        lookup_field, filterset_class = "credit_code", Filters
        ordering_fields = ("pinyin",)
        queryset = Firm.objects.prefetch_related(
            "designations", "locations__park", "residencies__incubator"
        ).order_by("pinyin", "id")

        def get_serializer_class(self) -> Any:
            return list_out if self.action == "list" else whole_out

    list_out, whole_out = serializer("ListOut", listed), serializer("WholeOut", whole)
    return [path("drf/firms", Firms.as_view({"get": "list"})),
            path("drf/firms/<str:credit_code>", Firms.as_view({"get": "retrieve"}))]  # fmt: skip
