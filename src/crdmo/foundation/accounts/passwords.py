"""Passwords: how they are kept, what is asked of a chosen one, and how a temporary one is made.

Nobody is made to change a password because time has passed; it is changed after a reset, and checked against common
ones when it is chosen.
"""

from __future__ import annotations

import datetime as dt
import secrets

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from ..refusals import Invalid
from .models import Login, Person

# Without 0, O, 1, l and I: temporary passwords are read from paper and over the telephone.
ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Argon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: the OWASP minimum, made for two cores that also serve pages."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1


def temporary() -> str:
    """Return a password to be handed over once: four groups of five, 116 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))


def give_temporary(login: Login, giver: Person | None) -> str:
    """Give a log-in a temporary password that must be changed at the first log-in, and return it."""
    text = temporary()
    login.set_password(text)
    login.must_change_password, login.password_set_by = True, giver
    login.password_set = dt.datetime.now(dt.UTC)
    login.save()
    return text


def choose(login: Login, new: str) -> None:
    """Set a password that the person chose.

    Raises:
        Invalid: the password is too short, too common, like the user id, or the one that is to be replaced.
    """
    problems = []
    try:
        validate_password(new, login)
    except ValidationError as error:
        problems += error.messages
    if login.check_password(new):
        problems.append("The new password is the present one.")
    if problems:
        raise Invalid(
            "this password cannot be used", errors={"new_password": " ".join(problems)},
            allowed="12 characters or more, not a common password, not like the user id",
            next="Choose another one; a sentence of four words is easy to keep in mind",
        )  # fmt: skip
    login.set_password(new)
    login.must_change_password = False
    login.password_set = dt.datetime.now(dt.UTC)
    login.save()
