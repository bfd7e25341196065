# The dev profile's mail server, which delivers nothing and keeps every mail as a file.
FROM python:3.11-slim-bookworm
ARG PIP_NO_INDEX
COPY requirements/mail.txt .data/wheel[s] /wheels/
RUN useradd --system --uid 10001 --no-create-home kadence \
  && python -m venv /pip && python -m venv --without-pip /venv \
  && PIP_FIND_LINKS=/wheels /pip/bin/pip --python /venv/bin/python install --no-cache-dir --require-hashes \
     -r /wheels/mail.txt && rm -r /pip /wheels
WORKDIR /app
COPY deploy/__init__.py deploy/
COPY deploy/local deploy/local
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER kadence
ENTRYPOINT ["python", "-m", "deploy.local.mail_catcher"]
