"""Settings. One machine works without any; production overrides by environment (docs/how-to/deploy.md)."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("IMPRIMATUR_HOME", ROOT / "var"))

DEBUG = False
SECRET_KEY = os.environ.get("IMPRIMATUR_SECRET_KEY", "")
ALLOWED_HOSTS = os.environ.get("IMPRIMATUR_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
AUTH_USER_MODEL = "tenants.User"
ROOT_URLCONF = "imprimatur.urls"
ASGI_APPLICATION = "imprimatur.asgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "imprimatur.audit",
    "imprimatur.tenants",
    "imprimatur.rights",
    "imprimatur.library",
    "imprimatur.prompts",
    "imprimatur.generations",
    "imprimatur.review",
    "imprimatur.releases",
    "imprimatur.dashboard",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "imprimatur"}}
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [ROOT / "platform" / "imprimatur" / "locale"]
STATIC_URL = "/static/"
