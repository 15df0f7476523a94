"""The web server's entry. It refuses to serve without a secret key, or as a database role that sees all tenants."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imprimatur.settings")
django_application = get_asgi_application()

from imprimatur.tenants.body_limit import BodyLimit  # noqa: E402 - needs the settings
from imprimatur.tenants.startup import refuse_unsafe_start  # noqa: E402 - needs the apps to be loaded

refuse_unsafe_start()
application = BodyLimit(django_application)
