"""Addresses of accounts, and who may open them. Names with `account_` and `mfa_` are those that allauth looks for."""

from __future__ import annotations

from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.urls import include, path

from ..door import FORM, PERSON, POST, PUBLIC, Page
from .pages import desk, entry, people, register, security

steps = [
    path(f"people/<str:user_id>/{step.name}/", step.as_view(), name=f"person_{step.name}") for step in people.STEPS
]

own = [
    path("session/renew/", entry.renew, name="renew"),
    path("inbox/", desk.inbox, name="inbox"),
    path("drafts/", desk.keep_draft, name="drafts"),
    path("account/training/", desk.training, name="training"),
    path("account/delegation/", desk.delegation, name="delegation"),
    path("account/delegation/<uuid:key>/end/", desk.end_delegation, name="delegation_end"),
    path("account/tokens/new/", security.new_token, name="token_new"),
    path("account/tokens/<str:prefix>/revoke/", security.revoke_token, name="token_revoke"),
    path("people/", people.people, name="people"),
    path("people/new/", register.new_person, name="person_new"),
    path("people/matrix/", people.matrix, name="matrix"),
    path("people/requirements/", people.requirements, name="requirements"),
    path("people/organizations/", register.organizations, name="organizations"),
    path("people/organizations/new/", register.new_organization, name="organization_new"),
    path("people/programs/new/", register.new_program, name="program_new"),
    path("people/<str:user_id>/", people.person, name="person"),
    path("people/<str:user_id>/roles/<uuid:key>/end/", people.end_role, name="role_end"),
    *steps,
]

urlpatterns = [
    path("login/", entry.LogIn.as_view(), name="account_login"),
    path("login/second-factor/", entry.SecondFactor.as_view(), name="mfa_authenticate"),
    path("login/passkey/", webauthn.LoginWebAuthnView.as_view(), name="mfa_login_webauthn"),
    path("logout/", entry.LogOut.as_view(), name="account_logout"),
    path("account/prove/", entry.Prove.as_view(), name="account_reauthenticate"),
    path("account/prove/code/", entry.ProveByCode.as_view(), name="mfa_reauthenticate"),
    path("account/prove/passkey/", entry.ProveByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/password/", entry.change_password, name="account_change_password"),
    path("account/security/", security.Security.as_view(), name="mfa_index"),
    path("account/security/app/add/", security.AddApp.as_view(), name="mfa_activate_totp"),
    path("account/security/app/remove/", security.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("account/security/passkeys/add/", security.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/security/passkeys/<int:pk>/remove/", security.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("account/security/codes/", security.Codes.as_view(), name="mfa_view_recovery_codes"),
    path("account/security/codes/new/", security.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("account/security/codes/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("sso/<str:provider_id>/login/", oidc.login, name="openid_connect_login"),
    path("sso/<str:provider_id>/login/callback/", oidc.callback, name="openid_connect_callback"),
    path("sso/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("sso/error/", social.login_error, name="socialaccount_login_error"),
    path("", include((own, "accounts"))),
]

OVERSEERS = (
    "accounts.create_person",
    "accounts.verify_identity",
    "accounts.review_access",
    "accounts.record_training",
)

PAGES: dict[str, Page] = {
    "account_login": Page(PUBLIC, FORM),
    "mfa_authenticate": Page(PUBLIC, FORM),
    "mfa_login_webauthn": Page(PUBLIC, FORM),
    "openid_connect_login": Page(PUBLIC, FORM),
    "openid_connect_callback": Page(PUBLIC),
    "socialaccount_login_cancelled": Page(PUBLIC),
    "socialaccount_login_error": Page(PUBLIC),
    "account_logout": Page(PERSON, FORM, temporary=True),
    "account_reauthenticate": Page(PERSON, FORM),
    "mfa_reauthenticate": Page(PERSON, FORM),
    "mfa_reauthenticate_webauthn": Page(PERSON, FORM),
    "account_change_password": Page(PERSON, FORM, temporary=True),
    "mfa_index": Page(PERSON),
    "mfa_activate_totp": Page(PERSON, FORM),
    "mfa_deactivate_totp": Page(PERSON, FORM),
    "mfa_add_webauthn": Page(PERSON, FORM),
    "mfa_remove_webauthn": Page(PERSON, FORM),
    "mfa_view_recovery_codes": Page(PERSON),
    "mfa_generate_recovery_codes": Page(PERSON, FORM),
    "mfa_download_recovery_codes": Page(PERSON),
    "accounts:renew": Page(PUBLIC, POST),
    "accounts:inbox": Page(PERSON, FORM),
    "accounts:drafts": Page(PERSON, FORM),
    "accounts:training": Page(PERSON, FORM),
    "accounts:delegation": Page(PERSON, FORM),
    "accounts:delegation_end": Page(PERSON, FORM),
    "accounts:token_new": Page(PERSON, FORM),
    "accounts:token_revoke": Page(PERSON, POST),
    "accounts:people": Page(OVERSEERS),
    "accounts:person_new": Page("accounts.create_person", FORM),
    "accounts:matrix": Page(PERSON),
    "accounts:requirements": Page("accounts.set_training_requirement", FORM),
    "accounts:organizations": Page(OVERSEERS),
    "accounts:organization_new": Page("accounts.create_organization", FORM),
    "accounts:program_new": Page("accounts.create_program", FORM),
    "accounts:person": Page(OVERSEERS),
    "accounts:role_end": Page("accounts.end_role", FORM),
    **{f"accounts:person_{step.name}": Page(step.verb, FORM) for step in people.STEPS},
}
