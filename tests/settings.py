"""Settings for tests: the real ones, with a key, folders and hashes that only tests use.

`DATABASE_URL` chooses the database as everywhere else; script/test runs integration tests on both.
"""

import os
import tempfile
from pathlib import Path

_var = Path(tempfile.mkdtemp(prefix="tests-var-"))
os.environ["ENV_FILE"] = str(_var / "no-env-file")
os.environ["SECRET_KEY"] = "only-for-tests-" + "0123456789" * 5
os.environ["DEMO"] = "1"
os.environ["VAR_DIR"] = str(_var)
os.environ.setdefault("DATABASE_URL", f"spatialite:///{_var}/db.sqlite3")

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Hashed names need collectstatic first; one test runs that on its own.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# A test sees its own edit on the next request.
PUBLIC_CHECK_SECONDS = 0.0
# What is done beside the requests is done before they go on: a test knows when.
POINT_INDEX_THREADS = False
IMPORT_WORKER = "inline"
# A test that is about logging in says so; all others go in by force_login.
TWO_FACTOR = "off"
IDLE_MINUTES = 0
