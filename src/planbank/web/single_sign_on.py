"""Single sign-on by OpenID Connect: who comes back from the provider is matched to an invited person.

Comes in: what the provider says of somebody. Goes out: a sign-in to the account that this subject was
matched to before, else to the one account with the verified e-mail address; else a page that says whom
to ask, and an entry in the journal. No account is made unless a setting says so.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

import requests
from planbank.access.accounts import Person, create
from planbank.journal.record import Actor, record
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.web.pages import house_of

PROVIDER = "oidc"
# Where allauth keeps by which ways a session was opened.
_METHODS = "account_authentication_methods"


class HospitalProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """A subject is one only together with its issuer: the same `sub` elsewhere is somebody else."""

    def extract_uid(self, data: dict[str, Any]) -> str:
        """OpenID Connect Core, 2 (`sub` is unique within the issuer) and 5.3.2 (both must be the same)."""
        told, signed = data.get("userinfo") or {}, data.get("id_token") or {}
        if signed and told and told.get("sub") != signed.get("sub"):
            raise OAuth2Error("userinfo is about somebody else")
        subject = str((signed or told)["sub"])
        issuer = str(signed.get("iss") or self.app.settings["server_url"])
        return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The house's rules for who comes by a provider."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        if provider != PROVIDER or not house_of(request).settings.oidc_url:
            raise SocialApp.DoesNotExist
        return HospitalProvider(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def get_requests_session(self) -> requests.Session:
        """Certificates of a hospital's own authority, where the settings name them."""
        session: requests.Session = super().get_requests_session()
        if (authority := house_of(self.request).settings.oidc_ca) is not None:
            session.verify = str(authority)
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Match who came: by subject (done before this), else by verified e-mail, else not at all."""
        if sociallogin.is_existing:
            # What the provider told is not kept, only that it was they.
            SocialAccount.objects.filter(pk=sociallogin.account.pk).update(extra_data={})
            return
        house = house_of(request)
        emails = [one.email for one in sociallogin.email_addresses if _is_verified(one, house.settings)]
        with transaction.atomic():
            user = _invited(emails) or (
                _made(house, sociallogin, emails) if house.settings.oidc_creates else None
            )
            if user is not None:
                sociallogin.account.extra_data = {}
                sociallogin.connect(request, user)
                what = {"object_kind": "user", "object_id": user.username}
                record(Actor("user", user.username), "join single sign-on", house.clock.now(), **what)
        if user is None:
            _refuse(request, "account/unknown.html", 403)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, **more: Any
    ) -> NoReturn:
        """One page for whatever went wrong on the way; its details are the provider's affair."""
        _refuse(request, "account/not_signed_in.html", 400)


def go(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider. Of the address only `next` counts: nothing else of a stranger's link does."""
    kept = QueryDict(mutable=True)
    if "next" in request.GET:
        kept["next"] = request.GET["next"]
    request.GET = kept  # type: ignore[assignment]
    return _by(views.login, request, provider_id)


def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider."""
    return _by(views.callback, request, provider_id)


def came_by_single_sign_on(request: HttpRequest) -> bool:
    """Whether this session began at the provider."""
    return any(one.get("method") == "socialaccount" for one in request.session.get(_METHODS, []))


def _by(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    if not house_of(request).settings.oidc_url:
        raise Http404
    try:
        answer: HttpResponse = view(request, provider_id)
    except ImmediateHttpResponse as exc:
        return exc.response
    except (requests.RequestException, OAuth2Error, KeyError, ValueError):
        # Away, or its answer makes no sense: nobody is signed in, and passwords still work.
        return render(request, "account/not_signed_in.html", {"away": True}, status=502)
    return answer


def _refuse(request: HttpRequest, template: str, status: int) -> NoReturn:
    record(Actor("user", "unknown"), "sign-in", house_of(request).clock.now(), outcome="refused")
    raise ImmediateHttpResponse(render(request, template, status=status))


def _is_verified(one: Any, settings: Any) -> bool:
    """Providers write true, or "true"; `false` in quotes is no yes either."""
    return settings.oidc_trusts_email or one.verified is True or str(one.verified).lower() == "true"


def _invited(emails: list[str]) -> User | None:
    """The one person with one of these addresses; nobody where there are several or they are off.

    A switched-off account is found too, so that its person is told so and no second one is made.
    """
    found = {user.pk: user for email in emails for user in User.objects.filter(email__iexact=email)[:2]}
    return next(iter(found.values())) if len(found) == 1 else None


def _made(house: Any, sociallogin: SocialLogin, emails: list[str]) -> User | None:
    """A new account, which sees nothing until somebody adds it to an institution."""
    if emails and User.objects.filter(email__iexact=emails[0]).exists():
        return None
    told = (
        sociallogin.account.extra_data.get("userinfo") or sociallogin.account.extra_data.get("id_token") or {}
    )
    wanted = str(told.get("preferred_username") or (emails[0] if emails else "")).lower()
    username = re.sub(r"[^a-z0-9._@-]", "", wanted).lstrip("._@-")[:60]
    if not username or User.objects.filter(username=username).exists():
        # Nobody comes into another's name: a short mark of the subject tells them apart.
        username = f"{username or 'person'}-{sociallogin.account.uid[:8]}"[-64:]
    name = str(told.get("name") or username)[:200]
    try:
        act = Act.of_service("single sign-on", house.clock.now())
        return create(act, Person(username, name, emails[0] if emails else ""))
    except ValidationError:
        return None
