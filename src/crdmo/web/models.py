"""What the doors keep for themselves: answers already given, so that a repeated request does not act twice."""

from __future__ import annotations

from django.db import models

from crdmo.foundation.accounts.models import Person


class GivenAnswer(models.Model):
    """The answer to a request with an idempotency key. It never expires: the act it stands for does not either."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    key = models.CharField(max_length=128)
    request = models.CharField(max_length=300)
    body_hash = models.CharField(max_length=64)
    status = models.IntegerField(default=0)
    body = models.TextField(blank=True, default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="web_one_answer_a_key")]

    def __str__(self) -> str:
        return f"{self.request} {self.key}"
