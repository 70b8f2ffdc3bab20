"""The one settings file. Everything an installation may choose comes from the environment and is listed in docs/operate.md.

| variable | meaning | default |
|---|---|---|
| CRDMO_HOME | folder for database, files, keys and checkpoints | ./var |
| CRDMO_DATABASE_URL | the database | SQLite in CRDMO_HOME |
| CRDMO_STORAGE_URL | where sealed datasets and files lie | a folder in CRDMO_HOME |
| CRDMO_HOSTS | names under which the pages are served, with commas | localhost |
| CRDMO_ORIGIN | the installation's name in checkpoints | crdmo.local/HOSTNAME |
| CRDMO_HTTPS | 1 when the pages are served over TLS: cookies are then sent over TLS only | 0 |
| CRDMO_IDLE_MINUTES | minutes without a request after which a log-in ends | 15 |
| CRDMO_ENVIRONMENT | production, test or training: the band on every page | production |
| CRDMO_OIDC_* | single sign-on, see docs/operate.md | none |
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import Any

import dj_database_url

HOME = Path(os.environ.get("CRDMO_HOME", "var")).resolve()
PACKAGE = Path(__file__).resolve().parent


def _secret_key() -> str:
    """Return this installation's secret, made once and readable by its owner only."""
    if given := os.environ.get("CRDMO_SECRET_KEY"):
        return given
    place = HOME / "keys" / "secret"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.touch(mode=0o600)
        place.write_text(secrets.token_urlsafe(48))
    return place.read_text()


SECRET_KEY = _secret_key()
DEBUG = False
HTTPS = os.environ.get("CRDMO_HTTPS") == "1"
ALLOWED_HOSTS = [*os.environ.get("CRDMO_HOSTS", "localhost,127.0.0.1,[::1]").split(","), "testserver"]
ENVIRONMENT = os.environ.get("CRDMO_ENVIRONMENT", "production")
ORIGIN = os.environ.get("CRDMO_ORIGIN", f"crdmo.local/{socket.gethostname()}")
IDLE_MINUTES = int(os.environ.get("CRDMO_IDLE_MINUTES", "15"))
STORAGE_URL = os.environ.get("CRDMO_STORAGE_URL", f"file://{HOME / 'files'}")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "axes",
    "django_tasks_db",
    "ninja",
    "crdmo.foundation.ledger",
    "crdmo.foundation.accounts",
    "crdmo.foundation.signing",
    "crdmo.foundation.datasets",
    "crdmo.foundation.computing",
    "crdmo.foundation.documents",
    "crdmo.foundation.references",
    "crdmo.common.controls",
    "crdmo.common.engagements",
    "crdmo.common.materials",
    "crdmo.common.studies",
    "crdmo.services.clinical",
    "crdmo.services.compliance",
    "crdmo.services.discovery",
    "crdmo.services.manufacturing",
    "crdmo.services.preclinical",
    "crdmo.services.process",
    "crdmo.services.quality",
    "crdmo.services.regulatory",
    "crdmo.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "crdmo.web.assets.Static",
    "crdmo.web.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crdmo.web.middleware.Idle",
    "crdmo.web.middleware.Door",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "crdmo.urls"
WSGI_APPLICATION = "crdmo.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["crdmo.foundation.accounts.passwords.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("user_id",)},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crdmo.web.context.shell",
            ],
            "builtins": ["crdmo.web.templatetags.crdmo"],
        },
    }
]


def _database() -> dict[str, Any]:
    """SQLite by default, durable at every commit; PostgreSQL by CRDMO_DATABASE_URL."""
    url = os.environ.get("CRDMO_DATABASE_URL", f"sqlite:///{HOME / 'crdmo.sqlite3'}")
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    if "sqlite" in database["ENGINE"]:
        HOME.mkdir(parents=True, exist_ok=True)
        database["OPTIONS"] = {
            # IMMEDIATE: a deferred transaction that turns into a writer ignores the busy timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # FULL: what is acknowledged survives a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    return database


DATABASES = {"default": _database()}

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": HOME / "uploads"}},
    "staticfiles": {"BACKEND": "crdmo.web.assets.StaticFiles"},
}
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "crdmo.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20000

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True

# Five wrong passwords lock the account; the security unit is told (foundation/accounts/lockout.py).
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_COOLOFF_TIME = None
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "crdmo.foundation.accounts.lockout.user_id_of"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["password", "code", "credential", "new_password", "signing_password", "signing_totp"]
# Log-ins and log-outs are in the ledger; a second log beside it would only age.
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_CALLABLE = "crdmo.web.errors.locked_out"

ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "crdmo.foundation.accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "user_id"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": None}
# A log-in ends with the browser, after IDLE_MINUTES, or at log-out; nothing is remembered beyond that.
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/login/"
MFA_ADAPTER = "crdmo.foundation.accounts.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_ADAPTER = "crdmo.foundation.accounts.adapter.SingleSignOn"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
if os.environ.get("CRDMO_OIDC_ISSUER"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "sso",
                "name": os.environ.get("CRDMO_OIDC_NAME", "Single sign-on"),
                "client_id": os.environ["CRDMO_OIDC_CLIENT_ID"],
                "secret": os.environ["CRDMO_OIDC_CLIENT_SECRET"],
                "settings": {"server_url": os.environ["CRDMO_OIDC_ISSUER"]},
            }
        ]
    }

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"axes": {"level": "ERROR"}},
}
# An account is locked whoever tries from wherever: by user id alone (21 CFR 11.300(d)).
SILENCED_SYSTEM_CHECKS = ["axes.W003", "axes.W006"]
