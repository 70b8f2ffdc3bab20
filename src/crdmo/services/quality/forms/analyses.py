"""Forms of an evaluation: the table that is brought, then which column is what, then the conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from crdmo.common.materials.models import Lot
from crdmo.science.quality.dissolution_rules import Regulator
from crdmo.web import steps
from crdmo.web.accounts.forms import StepForm
from crdmo.web.fields import MeasuredField

from ..workflow.analyses import CHARTS, FACTORS, KINDS, times_in


class UploadForm(StepForm):
    """The table, and what is wanted of it."""

    kind = forms.ChoiceField(
        choices=[(k.name, k.says) for k in KINDS.values()], label="Evaluation", widget=forms.RadioSelect
    )
    title = steps.text_field("Title", "What the table is, as it is cited.")
    file = forms.FileField(
        label="Table",
        help_text="CSV, XLSX, JSON or Parquet; the first row names the columns. Drop it here or choose it.",
    )


class ColumnsForm(StepForm):
    """Which column is what, and the settings of the method. One subclass a kind."""

    kind = ""
    # Fields that name a column: (field, usual names, whether its values are numbers, required).
    columns: tuple[tuple[str, tuple[str, ...], bool, bool], ...] = ()

    lot = forms.ModelChoiceField(
        Lot.objects.none(), label="Lot", required=False, help_text="Where the table is of one lot of this program."
    )
    decimal = forms.ChoiceField(
        choices=[
            ("", "As it stands"),
            ("point", "Point: 1,500 is one thousand five hundred"),
            ("comma", "Comma: 1,500 is one and a half"),
        ],
        required=False,
        label="Decimal mark of the file",
        help_text="Asked only where a number can be read in two ways.",
    )
    conclusion = steps.text_field(
        "Conclusion", "What follows from it; it can be written later, and is signed.", required=False, long=True
    )

    def __init__(self, *args: Any, headings: Sequence[str], program: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headings = list(headings)
        self.fields["lot"].queryset = Lot.objects.filter(program=program, is_void=False).order_by("code")  # type: ignore[attr-defined]
        taken: set[str] = set()
        for name, usual, _, required in self.columns:
            rest = [h for h in headings if h not in taken]
            found = next((h for u in usual for h in rest if h.casefold() == u), "")
            if not found and name == "value":
                found = next((h for h in rest if h.casefold() not in (*FACTORS, "batch", "month", "sample")), "")
            taken.add(found)
            choices = [("", "none")] * (not required) + [(h, h) for h in headings]
            self.fields[name] = forms.ChoiceField(
                choices=choices, required=required, initial=found, label=f"Column: {name.replace('_', ' ')}"
            )
        self.order_fields([name for name, *_ in self.columns])

    def numbers(self) -> list[str]:
        """Return the columns that must hold numbers."""
        return [self.cleaned_data[name] for name, _, numeric, _ in self.columns if numeric and self.cleaned_data[name]]

    def options(self) -> dict[str, Any]:
        """Return the settings as the method takes them."""
        kept = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("lot", "decimal", "conclusion") and value not in (None, "")
        }
        return {name: float(value) if name in ("lower_limit", "upper_limit") else value for name, value in kept.items()}


class ShelfLifeColumns(ColumnsForm):
    """A stability table."""

    kind = "shelf_life"
    columns = (
        ("batch", ("batch", "lot"), False, False),
        ("month", ("month", "months", "time"), True, True),
        ("value", ("value", "result"), True, True),
    )
    lower_limit = MeasuredField(
        required=False, label="Lower limit", help_text="As the specification writes it; empty where there is none."
    )
    upper_limit = MeasuredField(required=False, label="Upper limit")
    sides = forms.TypedChoiceField(
        choices=[("", "As the limits say"), ("1", "One-sided 95 %"), ("2", "Two-sided 95 %")],
        coerce=int,
        empty_value=None,
        required=False,
        label="Bound on the mean",
    )
    mean_square = forms.ChoiceField(
        choices=[("pooled", "Pooled over the batches"), ("individual", "Each batch its own")],
        label="Mean square where slopes differ",
    )


class DissolutionColumns(ColumnsForm):
    """Dissolution profiles."""

    kind = "dissolution"
    columns = (("group", ("type", "group", "batch"), False, True),)
    reference = steps.text_field(
        "Reference", "Its name in the column of the groups; empty: that of the first row.", required=False
    )
    test = steps.text_field("Test", "Its name in the column of the groups; empty: the first other one.", required=False)
    regulator = forms.ChoiceField(choices=[(r.value, r.value) for r in Regulator], label="Rules of")
    required_units = forms.IntegerField(
        min_value=3,
        initial=12,
        label="Units required of each",
        help_text="12, unless the protocol justifies another number.",
    )

    def numbers(self) -> list[str]:
        """Return the columns of times."""
        return list(times_in([h for h in self.headings if h != self.cleaned_data["group"]]))


class PrecisionColumns(ColumnsForm):
    """A precision study."""

    kind = "precision"
    columns = (("value", ("y", "value", "result"), True, True), ("sample", ("sample",), False, False))
    factors = steps.text_field(
        "Factors, outermost first", "Names of columns with commas between; each is nested in the one before."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["factors"].initial = ", ".join(f for f in FACTORS if f in self.headings)

    def clean_factors(self) -> str:
        """Return the factors as the method takes them."""
        names = [name.strip() for name in self.cleaned_data["factors"].split(",") if name.strip()]
        if unknown := [name for name in names if name not in self.headings]:
            raise forms.ValidationError(
                f"Given: {', '.join(unknown)}. Allowed: {', '.join(self.headings)}. Take names of the columns."
            )
        return ",".join(names)


class ControlColumns(ColumnsForm):
    """A table of batches or subgroups."""

    kind = "control_limits"
    columns = (
        ("group", ("subgroup", "batch", "lot", "group"), False, True),
        ("value", ("value", "result"), True, True),
    )
    chart = forms.ChoiceField(choices=[(name, name) for name in CHARTS], label="Chart")
    first = forms.IntegerField(
        min_value=2, required=False, label="Subgroups that set the limits", help_text="The first so many; empty: all."
    )


COLUMNS: dict[str, type[ColumnsForm]] = {
    form.kind: form for form in (ShelfLifeColumns, DissolutionColumns, PrecisionColumns, ControlColumns)
}


class ConclusionForm(StepForm):
    """The conclusion of a draft."""

    conclusion = steps.text_field("Conclusion", "What follows from the finding, for whom.", long=True)
    reason = steps.text_field("Reason of the change", "It stands in the history.", classes="")
