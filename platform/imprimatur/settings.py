"""Settings. One machine works without any; production overrides by environment (docs/how-to/deploy.md).

Importing this module touches no database and writes no file.
"""

from __future__ import annotations

import os
import secrets as _random
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from imprimatur.environment import HOME, PACKAGE, ROOT, database, flag, names, object_storage, secret

# --- Who we are -------------------------------------------------------------------------------------------------------
DEBUG = False
PUBLIC_URL = os.environ.get("IMPRIMATUR_PUBLIC_URL", "")  # https://pictures.example.com; '' on one machine
BEHIND_TLS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = names("IMPRIMATUR_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
# Without a configured key each process makes its own: commands work, and the web server refuses to start (asgi.py).
SECRET_KEY_CONFIGURED = bool(secret("secret_key"))
SECRET_KEY = secret("secret_key") or _random.token_urlsafe(48)
DEMO_PASSWORD = secret("demo_password")
ROOT_URLCONF = "imprimatur.urls"
ASGI_APPLICATION = "imprimatur.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS: list[str] = []

INSTALLED_APPS = [
    "servestatic.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_filters",
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
    "imprimatur.withdrawal",
    "imprimatur.webhooks",
    "imprimatur.dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "imprimatur.tenants.middleware.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "imprimatur.tenants.middleware.LanguageMiddleware",
    "imprimatur.tenants.middleware.NoNullMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "imprimatur.tenants.middleware.DomainErrorMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates", PACKAGE / "templates"],  # in a checkout, in a wheel
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "imprimatur.tenants.context_processors.tenant",
                "imprimatur.dashboard.context.shell",
            ],
        },
    }
]

# --- Database: the product runs as imprimatur_app; `migrate` alone is given the owner's address -----------------------
_APP_URL = secret("database_url") or "postgresql://imprimatur_app@127.0.0.1:5432/imprimatur"
DATABASES: dict[str, dict[str, Any]] = {"default": database(_APP_URL)}
if _pool := int(os.environ.get("IMPRIMATUR_DATABASE_POOL", "0")):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _pool, "timeout": 10}
CACHE_URL = os.environ.get("IMPRIMATUR_CACHE_URL", "")  # redis://...; needed as soon as there are two web processes
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "imprimatur"}
}

# --- Signing in: by e-mail; people come by invitation, nobody signs up ------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "imprimatur.tenants.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
PASSWORD_RESET_TIMEOUT = 4 * 3600  # seconds; the pages and the mail say four hours
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Imprimatur: "

# --- Cookies and headers ----------------------------------------------------------------------------------------------
SESSION_COOKIE_NAME = "imprimatur_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "imprimatur_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_NAME = "imprimatur_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
_PROXIES = 1 if flag("IMPRIMATUR_TRUST_PROXY") else 0
ALLAUTH_TRUSTED_PROXY_COUNT = _PROXIES  # whose X-Forwarded-For is believed; callers write what they like into it
if _PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Words and time ---------------------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]  # each in its own words
LOCALE_PATHS = [PACKAGE / "locale"]
# A link for the person behind a record, or for whoever is invited, goes to them alone, unless mails go nowhere and
# somebody has to hand it on.
LINKS_ARE_SHOWN = PUBLIC_URL == "" or not flag("IMPRIMATUR_SMTP")
if LINKS_ARE_SHOWN:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"
EMAIL_HOST = os.environ.get("IMPRIMATUR_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("IMPRIMATUR_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("IMPRIMATUR_SMTP_USER", "")
EMAIL_HOST_PASSWORD = secret("smtp_password")
EMAIL_TIMEOUT = 20  # seconds
EMAIL_USE_TLS = flag("IMPRIMATUR_SMTP_TLS")
DEFAULT_FROM_EMAIL = os.environ.get("IMPRIMATUR_FROM_EMAIL", "imprimatur@localhost")

# --- Files ------------------------------------------------------------------------------------------------------------
OBJECTS_URL = os.environ.get("IMPRIMATUR_OBJECTS_URL") or (HOME / "objects").as_uri()
STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
# Collected and hashed where a folder for it is named (the production image); else served from where it lies.
_STATIC_ROOT = os.environ.get("IMPRIMATUR_STATIC_ROOT", "")
STATIC_ROOT = _STATIC_ROOT or None
SERVESTATIC_USE_FINDERS = not _STATIC_ROOT
SERVESTATIC_AUTOREFRESH = False
SERVESTATIC_MAX_AGE = 3600 if _STATIC_ROOT else 0
CHECKPOINT_PLACE = "checkpoints-"  # aliases of the places that keep where the audit trails ended
# What one control worker among all does, each under its own lock; named here, so that no app need know who leads.
LEADERS = [
    "imprimatur.generations.leader.Leader",
    "imprimatur.withdrawal.leader.WithdrawalLeader",
    "imprimatur.withdrawal.leader.Postman",
    "imprimatur.webhooks.leader.Teller",
]
TIME_AUTHORITY = os.environ.get("IMPRIMATUR_TIME_AUTHORITY", "")  # URL of an RFC 3161 server, for released files
if TIME_AUTHORITY:
    LEADERS += ["imprimatur.releases.time_stamps.TimeKeeper"]
CHECKPOINT_SECONDS = float(os.environ.get("IMPRIMATUR_CHECKPOINT_SECONDS") or 300)
_CHECKPOINT_URLS = names("IMPRIMATUR_CHECKPOINT_URLS") or [(HOME / "checkpoints").as_uri()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": HOME / "files"}},
    "objects": object_storage(OBJECTS_URL),
    "staticfiles": {
        "BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"
        if _STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    **{f"{CHECKPOINT_PLACE}{number}": object_storage(url) for number, url in enumerate(_CHECKPOINT_URLS)},
}
UPLOAD_MAX_BYTES = 25 * 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20  # of forms and JSON; files are bounded by UPLOAD_MAX_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_MAX_BYTES  # no unstamped pixel touches a disk: uploads stay in memory
FILE_UPLOAD_HANDLERS = ["imprimatur.tenants.uploads.BoundedMemoryUploadHandler"]

# Who runs this system, as metadata and China's AIGC field name the provider (there: name or registration code).
PROVIDER_NAME = os.environ.get("IMPRIMATUR_PROVIDER_NAME") or "Imprimatur"

# --- Workers ----------------------------------------------------------------------------------------------------------
BROKER_URL = os.environ.get("IMPRIMATUR_BROKER_URL") or "filesystem://"
BROKER_FOLDER = Path(os.environ.get("IMPRIMATUR_BROKER_FOLDER") or HOME / "broker")  # of the filesystem broker
PKI_FOLDER = HOME / "pki"
WORKER_KEYS_FOLDER = Path(os.environ.get("IMPRIMATUR_WORKER_KEYS") or HOME / "worker")  # what workers are given

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "imprimatur.tenants.rest.authentication.KeyAuthentication",
        "imprimatur.tenants.rest.authentication.PersonAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "imprimatur.tenants.rest.negotiation.OneAnswer",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "imprimatur.tenants.rest.parsers.ShallowJson",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "imprimatur.tenants.rest.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "imprimatur.tenants.rest.schema.TenantSchema",
    "DEFAULT_THROTTLE_RATES": {"verify": "60/min", "links": "60/min", "invitations": "60/hour"},
    "NUM_PROXIES": _PROXIES,
    "EXCEPTION_HANDLER": "imprimatur.tenants.rest.problems.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "NON_FIELD_ERRORS_KEY": "request",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Imprimatur",
    "DESCRIPTION": "Pictures of your product or your person, with the right to make them and the proof of it.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "RightStatus": "imprimatur.rights.models.RightStatus",
        "TemplateVersionStatus": "imprimatur.prompts.models.VersionStatus",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "imprimatur.tenants.request_ids.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"},
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("IMPRIMATUR_LOG_LEVEL", "INFO")},
}
