# The GPU side: draws, stamps, reports. No Django at run time and no address of the database.
#   docker build -f docker/worker.Dockerfile -t imprimatur-worker .
# On a GPU server PyPI's torch brings its CUDA libraries; run with `--gpus all`. For a small CPU-only image add
#   --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
FROM python:3.11-slim
ARG PIP_EXTRA_INDEX_URL=""
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    PYTHONPATH=/app:/app/platform IMPRIMATUR_HOME=/data
WORKDIR /app
RUN apt-get update \
    && apt-get install -y --no-install-recommends libegl1 libfontconfig1 libgl1 \
    && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml constraints.txt README.md ./
COPY generation generation
COPY governance governance
COPY gpu_worker gpu_worker
COPY platform platform
COPY templates templates
RUN pip install -c constraints.txt -e '.[worker]' \
    && useradd --system --uid 10001 imprimatur \
    && install -d -o imprimatur -m 0700 /data /data/objects /data/worker
USER imprimatur
CMD ["python", "-m", "celery", "-A", "gpu_worker.celery", "worker", "--loglevel", "INFO", "--hostname", "gpu@%h"]
