"""The signer as a process of its own: `uvicorn imprimatur.signer.asgi:application --uds HOME/run/signer.sock`.

It answers POST requests of workers and nothing else; `/healthz` tells that it lives.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imprimatur.settings")
django.setup()

from imprimatur.signer.application import Application  # noqa: E402 - needs the apps to be loaded
from imprimatur.tenants.startup import refuse_unsafe_start  # noqa: E402

refuse_unsafe_start()
application = Application()
