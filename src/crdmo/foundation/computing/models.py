"""A result with its provenance as a record; a job as a plain row that only says how far the work is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from crdmo.foundation.accounts.models import Person
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.fields import CanonicalJSONField
from crdmo.foundation.ledger.models import Record
from crdmo.proof import canonical
from crdmo.proof.identifiers import uuid7


class Result(Record):
    """What a registered method made of its inputs, with all that is needed to make it again.

    Inputs and output are kept in the record itself while they are small, else as a blob; `inputs` and `output` give
    them either way.
    """

    # With the same output, other code or another machine makes nothing downstream untrue.
    steps: ClassVar[frozenset[str]] = frozenset({"method_version", "code_hash", "environment", "sources"})

    method = models.CharField(max_length=120)
    method_version = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    citation = models.TextField()
    parameters = CanonicalJSONField(default=dict)
    seed = models.BigIntegerField(null=True)
    inputs_here = CanonicalJSONField(null=True)
    inputs_blob = models.CharField(max_length=71, blank=True, default="")
    input_hash = models.CharField(max_length=64)
    # The blobs that the inputs point to; named here so that a proof bundle takes them along.
    datasets = CanonicalJSONField(default=list)
    output_here = CanonicalJSONField(null=True)
    output_blob = models.CharField(max_length=71, blank=True, default="")
    output_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    environment = CanonicalJSONField(default=dict)
    # [{"reference", "name", "edition", "digest"}]: the official tables and rules that the method used.
    references = CanonicalJSONField(default=list)
    sources = CanonicalJSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["method"], name="computing_by_method")]

    def __str__(self) -> str:
        return self.title

    @property
    def inputs(self) -> Any:
        """The method's inputs as JSON."""
        return canonical.decode(store.get(self.inputs_blob)) if self.inputs_blob else self.inputs_here

    @property
    def output(self) -> Any:
        """The method's result as JSON."""
        return canonical.decode(store.get(self.output_blob)) if self.output_blob else self.output_here


class Job(models.Model):
    """Work that takes longer than a page may: who asked for what, how far it is, where its outcome is. No record."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=80)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="jobs")
    program = models.ForeignKey("accounts.Program", models.PROTECT, null=True, related_name="+")
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True, default="")
    url = models.CharField(max_length=300, blank=True, default="")
    cancel_asked = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    # Machine and process that works on it, so that a death on the same machine is seen at once.
    worker = models.CharField(max_length=120, blank=True, default="")
    queued = models.DateTimeField()
    started = models.DateTimeField(null=True)
    heartbeat = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["state", "heartbeat"], name="computing_job_lost"),
            models.Index(fields=["person", "-queued"], name="computing_job_mine"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_state_display()})"
