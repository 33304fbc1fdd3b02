# syntax=docker/dockerfile:1
# newstag as a container: `serve` by default, any other verb by its name.
# docs/deploy.md says how it is built, run and kept.

# A tag says which release is meant, a digest which bytes: give one with
#   --build-arg PYTHON=3.11.14-slim-bookworm@sha256:…
# where builds must be the same for ever.
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/newstag \
    UV_PYTHON=/usr/local/bin/python3 \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /build
# The libraries first: they change seldom, and their layer is kept until they do.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY README.md newstag.py ./
COPY labels labels
COPY models models
COPY training training
COPY serving serving
RUN uv sync --locked --no-dev --no-editable
COPY deploy/ready.py deploy/snapshot.py deploy/backup.sh deploy/restore.sh /opt/newstag/deploy/

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="newstag" \
      org.opencontainers.image.description="Tags Chinese newsroom posts with one type and their domains"
# The number is fixed, so that whoever owns the volume can be told beforehand.
RUN groupadd --system --gid 10001 newstag \
 && useradd --system --uid 10001 --gid newstag --home-dir /var/lib/newstag --no-create-home newstag \
 && install -d -o newstag -g newstag -m 0750 /var/lib/newstag
# The base image comes without the bytecode of Python's own library, and nobody writes it later.
RUN python -m compileall -q "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/newstag /opt/newstag
# The root file system may be read-only: what libraries want to keep goes to /tmp.
ENV PATH=/opt/newstag/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    MLFLOW_DISABLE_TELEMETRY=true \
    GIT_PYTHON_REFRESH=quiet \
    NEWSTAG_HOST=0.0.0.0 \
    NEWSTAG_STORE=/var/lib/newstag/store \
    NEWSTAG_TRACKING_URI=sqlite:////var/lib/newstag/mlflow.db
USER 10001:10001
# Relative paths, MLflow's ./mlruns among them, are of the volume.
WORKDIR /var/lib/newstag
VOLUME ["/var/lib/newstag"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-I", "/opt/newstag/deploy/ready.py"]
ENTRYPOINT ["newstag"]
CMD ["serve"]
