# syntax=docker/dockerfile:1
# One image for everything: server processes, migrations and regular work differ in their command alone.

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements-s3.lock /tmp/requirements-s3.lock
COPY requirements-build.lock /tmp/requirements-build.lock
RUN /venv/bin/pip install --require-hashes -r /tmp/requirements-s3.lock
# The bundler and brotli are needed here and not in the image.
RUN python -m venv /build && /build/bin/pip install --require-hashes -r /tmp/requirements-build.lock
WORKDIR /app
COPY manage.py ./
COPY chatsite chatsite
COPY clients/javascript/src clients/javascript/src
COPY conversations conversations
COPY notifications notifications
COPY presence presence
COPY templates templates
# DEBUG here stands in for the secrets that collecting does not need; nothing of it stays in the image.
RUN DEBUG=1 STATIC_ROOT=/static /build/bin/python manage.py collectstatic --noinput \
    && rm -rf var \
    && /venv/bin/python -m compileall -q .

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin chat
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=chatsite.settings \
    STATIC_ROOT=/static
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /app /app
WORKDIR /app
ENV MEDIA_ROOT=/media
RUN mkdir /media && chown 10001 /media
# By number, so that Kubernetes can tell that it is not root.
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# One process: a container for each core. Compression costs more than it saves on frames this small.
CMD ["uvicorn", "chatsite.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", \
     "--no-proxy-headers", "--ws-max-size", "65536", "--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "20"]
