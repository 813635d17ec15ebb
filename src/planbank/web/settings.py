"""Django's settings, made from ours.

Comes in: the frozen `Settings`, the database URL and the site's secret. Goes out: the dict that
`boot` hands to `django.conf.settings.configure`. Nothing here reads the environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from planbank.config import Settings

WEB = Path(__file__).parent
ROOMS = [
    "people",
    "journal",
    "pipeline",
    "messages",
    "catalogue",
    "protocols",
    "delivery",
    "takeout",
    "uploads",
    "audits",
    "erasure",
    "access",
    "naming",
    "analysis",
    "services",
]


def django_settings(settings: Settings, database_url: str, secret: str) -> dict[str, Any]:
    """Every Django setting of the house."""
    secure = settings.site_url.startswith("https://")
    return {
        "SECRET_KEY": secret,
        "DEBUG": False,
        "ALLOWED_HOSTS": _hosts(settings),
        "CSRF_TRUSTED_ORIGINS": [settings.site_url] if secure else [],
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django.contrib.postgres",
            "procrastinate.contrib.django",
            "allauth",
            "allauth.account",
            "allauth.mfa",
            "allauth.socialaccount",
            "allauth.socialaccount.providers.openid_connect",
            "allauth.usersessions",
            *(f"planbank.{room}" for room in ROOMS),
            "planbank.web.parts",
            "planbank.web",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "planbank.web.middleware.Headers",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "planbank.web.middleware.Language",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "planbank.web.middleware.HouseAndPolicy",
        ],
        "ROOT_URLCONF": "planbank.web.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [WEB / "templates", WEB / "pages"],
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "django.template.context_processors.i18n",
                        "planbank.web.shell.shell",
                    ]
                },
            }
        ],
        "DATABASES": {"default": _database(database_url)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "EMAIL_BACKEND": "planbank.messages.backend.Outbox",
        "DEFAULT_FROM_EMAIL": settings.mail_sender,
        "AUTH_USER_MODEL": "people.User",
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
            {
                "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ("username", "name", "email")},
            },
        ],
        "ACCOUNT_ADAPTER": "planbank.web.accounts.ClosedAccounts",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_LOGOUT_ON_GET": False,
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_RATE_LIMITS": {
            "login_failed": "10/m/ip,5/5m/key",
            "reset_password": "20/h/ip,3/h/key",
            "copy_link": "60/m/ip",
        },
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ALLAUTH_TRUSTED_PROXY_COUNT": settings.web_proxies,
        "SOCIALACCOUNT_ADAPTER": "planbank.web.single_sign_on.SingleSignOn",
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": _single_sign_on(settings)},
        # A link, not a form: the page's content policy lets no form lead to another origin.
        "SOCIALACCOUNT_LOGIN_ON_GET": True,
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "MFA_ADAPTER": "planbank.web.second_factor.SecondFactors",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_TOTP_ISSUER": "planbank",
        # One step of 30 s to either side: telephones and servers differ by some seconds.
        "MFA_TOTP_TOLERANCE": 1,
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "overview",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "SESSION_COOKIE_AGE": 12 * 3600,
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_FAILURE_VIEW": "planbank.web.errors.csrf_failure",
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": 31536000 if secure else 0,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if secure else None,
        "STATIC_URL": "/static/",
        "STATIC_ROOT": str(WEB / "static"),
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        "WHITENOISE_USE_FINDERS": False,
        "WHITENOISE_MAX_AGE": 3600,
        "USE_TZ": True,
        "TIME_ZONE": settings.time_zone,
        "USE_I18N": True,
        "LANGUAGE_CODE": settings.language,
        "LANGUAGES": [("en", "English"), ("da", "Dansk")],
        "LOCALE_PATHS": [WEB / "locale"],
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "LOGGING_CONFIG": None,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2000,
        "FILE_UPLOAD_HANDLERS": ["planbank.web.files_in_memory.InMemory"],
        "SILENCED_SYSTEM_CHECKS": [],
    }


def _single_sign_on(settings: Settings) -> dict[str, Any]:
    """The one provider of OpenID Connect, where there is one."""
    if not settings.oidc_url:
        return {"APPS": []}
    file = settings.oidc_client_secret_file
    try:
        secret = file.read_text(encoding="utf-8").strip() if file else ""
    except OSError:
        secret = ""  # a process that may not read it signs nobody in; the site's page says so
    app = {
        "provider_id": "oidc",
        "name": settings.oidc_name or "OpenID Connect",
        "client_id": settings.oidc_client_id,
        "secret": secret,
        "settings": {"server_url": settings.oidc_url},
    }
    return {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}


def _hosts(settings: Settings) -> list[str]:
    named = urlsplit(settings.site_url).hostname
    return sorted({"localhost", "127.0.0.1", "[::1]", named or "", settings.web_host} - {"", "0.0.0.0"})  # noqa: S104 - taken out of the list


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = query.pop("host", "") or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **query},
    }
