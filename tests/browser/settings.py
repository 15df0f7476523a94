"""The product's settings for the server under test: as shipped, but it knows the quick password hashes of tests."""

from imprimatur.settings import *  # noqa: F403
from imprimatur.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
