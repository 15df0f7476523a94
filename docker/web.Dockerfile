# The control side: pages, API, control worker, migrations. No torch.
#   docker build -f docker/web.Dockerfile -t imprimatur-web .
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    PYTHONPATH=/app:/app/platform DJANGO_SETTINGS_MODULE=imprimatur.settings \
    IMPRIMATUR_HOME=/data IMPRIMATUR_STATIC_ROOT=/app/collected
WORKDIR /app
COPY pyproject.toml constraints.txt README.md manage.py ./
COPY generation generation
COPY governance governance
COPY gpu_worker gpu_worker
COPY platform platform
COPY templates templates
RUN pip install -c constraints.txt -e . \
    && python manage.py collectstatic --no-input \
    && useradd --system --uid 10001 imprimatur \
    && install -d -o imprimatur -m 0700 /data /data/objects /data/worker
USER imprimatur
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "uvicorn", "imprimatur.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--timeout-graceful-shutdown", "3", "--no-access-log", "--lifespan", "off"]
