"""The product's settings in a throwaway folder: tests never see this machine's secrets, keys or files."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

for _name in [n for n in os.environ if n.startswith("IMPRIMATUR_")]:
    if _name not in {"IMPRIMATUR_LOG_LEVEL", "IMPRIMATUR_TEST_POSTGRES"}:
        del os.environ[_name]
_HOME = Path(tempfile.mkdtemp(prefix="imprimatur-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["IMPRIMATUR_HOME"] = str(_HOME)
os.environ["IMPRIMATUR_SECRET_KEY"] = "a key for tests, long enough to be taken for a real one 0123456789"
os.environ["IMPRIMATUR_DEMO_PASSWORD"] = "correct-horse-battery"

from imprimatur.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
