"""Settings. What differs between installations is read from the environment (docs/operator/settings.md)."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from config.databases import parse_database_url
from config.env import BASE_DIR, Environment, SettingsError
from maps.basemaps import BasemapError, BasemapSettings, basemap_for
from projects.rules.vocabulary import Role

# Generic base classes (ModelForm[Site]) exist for the type checker only; this makes them harmless.
django_stubs_ext.monkeypatch()

env = Environment.load()

SECRET_KEY = env.secret("SECRET_KEY")
#: Keys of before, while what they signed and sealed is still around.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
DEBUG = env.flag("DEBUG")
#: Demo mode: synthetic sites may be loaded, demo accounts exist, borders without a review number are shown.
DEMO = env.flag("DEMO")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
#: TLS is in front of the app (nginx): cookies are sent over https only and the browser is told to stay there.
HTTPS = env.flag("HTTPS")
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "projects",  # before admin: its templates/admin override Django's
    "maps",
    "config.staffadmin.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "projects.pages.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "projects.pages.middleware.PathLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "projects.signin.middleware.StaffSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "projects.pages.middleware.BusyMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ]
            if not DEBUG
            else [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "projects.pages.context.site_chrome",
            ],
        },
    }
]

DATABASES = {
    "default": parse_database_url(env.text("DATABASE_URL", f"spatialite:///{VAR_DIR}/db.sqlite3"), BASE_DIR)
}

AUTH_USER_MODEL = "projects.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
#: Whether a log-in takes a second factor: nobody's, whoever has one, or every holder of TWO_FACTOR_ROLES.
TWO_FACTOR = env.choice(
    "TWO_FACTOR", frozenset({"off", "optional", "required"}), "optional" if DEMO else "required"
)
TWO_FACTOR_ROLES = env.several(
    "TWO_FACTOR_ROLES",
    frozenset(role.value for role in Role),
    "administrator,supervisor,publisher,verifier",
)
#: Minutes without a request after which a log-in ends; 0: only SESSION_COOKIE_AGE ends it.
IDLE_MINUTES = env.whole("IDLE_MINUTES", 30, low=0, high=480)
#: Proxies whose X-Forwarded-For is believed: addresses or networks.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
CSRF_FAILURE_VIEW = "projects.pages.errors.token_failure"
#: Wrong passwords and codes of one account from one address, within AXES_COOLOFF_TIME.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
#: Of one account from all addresses together: beyond it unknown browsers get one try a minute.
ACCOUNT_FAILURE_LIMIT = 30
# Whoever goes on trying does not lengthen the lock of somebody else at the same address.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "projects.signin.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "projects.signin.lockout.own_page"
AXES_SENSITIVE_PARAMETERS = [
    *("username", "ip_address", "code", "kept"),
    *("old_password", "new_password1", "new_password2"),
]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "projects.staticfiles.HashedModulesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# A monthly round has a field for photos in each of up to 500 rows, and a browser sends the empty ones, too.
DATA_UPLOAD_MAX_NUMBER_FILES = 600

# In the process: each counts for itself (projects/pages/feedbackguard.py).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# Debian 12's GDAL 3.6 cannot block files named by a spatial reference: none that a user gives reaches GDAL
# (EPSG codes go through PROJ as numbers, maps/crs.py).
# security.W005, W021: see HSTS_INCLUDE_SUBDOMAINS and HSTS_PRELOAD.
SILENCED_SYSTEM_CHECKS = ["gis.W001", "security.W005", "security.W021"]

#: Which basemap the maps show: none (default), tianditu (needs TIANDITU_KEY), or xyz (BASEMAP_URL ...).
BASEMAP = env.choice("BASEMAP", frozenset({"none", "tianditu", "xyz"}), "none")
TIANDITU_KEY = env.text("TIANDITU_KEY")
BASEMAP_URL = env.text("BASEMAP_URL")
BASEMAP_ATTRIBUTION = env.text("BASEMAP_ATTRIBUTION")
BASEMAP_REVIEW_NUMBER = env.text("BASEMAP_REVIEW_NUMBER")
BASEMAP_DATUM = env.choice("BASEMAP_DATUM", frozenset({"wgs84", "gcj02"}), "wgs84")

#: The private key that signs checkpoints of the audit chain; its public key lies beside it (.pub).
AUDIT_KEY_FILE = Path(env.text("AUDIT_KEY_FILE", str(VAR_DIR / "audit-key.pem")))
#: The file outside the database to which checkpoints are appended.
AUDIT_CHECKPOINT_FILE = Path(env.text("AUDIT_CHECKPOINT_FILE", str(VAR_DIR / "audit-checkpoints.jsonl")))

#: What people hand in (photos, spreadsheets), under the hash of their content; never served as they are.
PRIVATE_FILES_DIR = Path(env.text("PRIVATE_FILES_DIR", str(VAR_DIR / "private")))

#: Who checks and applies a handed-in file: a process of its own, or the request itself (inline; for tests).
IMPORT_WORKER = env.choice("IMPORT_WORKER", frozenset({"process", "inline"}), "process")

#: Where processes share the point index's files. Rebuilt from the database at any time.
POINT_INDEX_DIR = VAR_DIR / "pointindex"
#: Seconds for which a browser may keep an anonymous answer.
PUBLIC_MAX_AGE = env.whole("PUBLIC_MAX_AGE", 30, low=0, high=30)
# What a proxy keeps grows old again in the browser behind it, and is shown once more while it is renewed:
# 10 + 30 + 10 seconds, and at most 6 in the process (PUBLIC_CHECK_SECONDS, PUBLIC_MAX_STALE_SECONDS).
# So an edit reaches everybody within a minute.
_PUBLIC_SHARED_AGE = min(PUBLIC_MAX_AGE, 10)
#: The Cache-Control of every anonymous page and answer.
PUBLIC_CACHE_CONTROL = (
    f"public, max-age={PUBLIC_MAX_AGE}, s-maxage={_PUBLIC_SHARED_AGE}, "
    f"stale-while-revalidate={_PUBLIC_SHARED_AGE}"
)
#: An anonymous request looks for changes in the database at most once in so many seconds; staff always do.
PUBLIC_CHECK_SECONDS = 1.0
#: Fold changes into the index's base, and take over other processes' bases, in a thread beside the requests.
POINT_INDEX_THREADS = True

try:
    # Whose tiles the policy below must let in; a basemap that makes no map stops the start here.
    _basemap_hosts = basemap_for(
        BasemapSettings(
            BASEMAP,
            TIANDITU_KEY,
            BASEMAP_URL,
            BASEMAP_ATTRIBUTION or ("-" if BASEMAP == "tianditu" else ""),
            BASEMAP_REVIEW_NUMBER,
            BASEMAP_DATUM,
        )
    ).hosts
except BasemapError as problem:
    raise SettingsError(str(problem)) from problem
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *_basemap_hosts],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not Django's default 'same-origin': a basemap key that is bound to a domain needs the origin.
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Whether every other host of the domain has TLS is not for this app to promise.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_INCLUDE_SUBDOMAINS")
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "projects.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "身边民生实事 API",
    "DESCRIPTION": "民生实事项目点位:公开、只读、匿名。Livelihood project sites: public, read-only.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
