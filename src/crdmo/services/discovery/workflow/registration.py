"""Registration: structures are brought, looked at record by record, and registered whole or not at all."""

from __future__ import annotations

from crdmo.common.codes import next_code
from crdmo.common.materials.models import Lot
from crdmo.common.verbs import must_be, person_of
from crdmo.foundation import computing
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.science.discovery.registration import Registration as Made
from crdmo.science.method import from_json

from .. import registry
from ..models import Compound, CompoundLot, Form, Registration, Upload
from .desks import CHEMISTS

KINDS = {"sdf": "chemical/x-mdl-sdfile", "csv": "text/csv", "smiles": "chemical/x-daylight-smiles"}


@verb("discovery.bring_structures", "bring structures to register", roles=CHEMISTS)
def bring_structures(
    act: Act, program: Program, *, data: bytes, kind: str, file_name: str = "", no_chiral_flag: str = "absolute"
) -> Upload:
    """Seal a file or text of structures as it came. Nothing is registered yet; a file that cannot be read is refused."""
    if kind not in KINDS:
        raise Invalid("structures come in one of these ways", errors={"kind": ", ".join(KINDS)}, given=kind)
    if no_chiral_flag not in ("absolute", "racemic"):
        raise Invalid("wedges without a chiral flag are one of two", errors={"no_chiral_flag": "absolute, racemic"})
    records = registry.read_records(kind, data, file_name)
    code = next_code(act, Upload, "REG", program)
    dataset = seal(
        act, name=f"Structures of {code}", data=data, kind="structures", program=program,
        file_name=file_name or f"{code}.{'smi' if kind == 'smiles' else kind}", media_type=KINDS[kind],
    )  # fmt: skip
    return act.create(
        Upload,
        program=program,
        code=code,
        dataset=dataset,
        kind=kind,
        no_chiral_flag=no_chiral_flag,
        records=len(records),
        brought_by=person_of(act),
    )


@verb("discovery.register_upload", "register the compounds of an upload", roles=CHEMISTS)
def register_upload(act: Act, upload: Upload) -> Upload:
    """Register every record of an upload, or none: one that is refused holds the others.

    The decision is taken anew here, in the act, so that two uploads of one moment cannot make one compound twice.
    """
    must_be(upload, Upload.State.STAGED)
    found = registry.verdicts(upload)
    refused = [one for one in found if one.decision == registry.REFUSED]
    if refused:
        raise Invalid(
            f"{len(refused)} of {len(found)} records are refused; nothing was registered",
            errors={f"record {one.source.number}": one.reason for one in refused[:30]},
            next="Correct the file and bring it again, or discard this upload",
        )
    _Registrar(act, upload).register(found)
    return act.change(upload, state=Upload.State.REGISTERED)


class _Registrar:
    """Writes the records of one upload. Numbers are the sponsor's, so that they show no gap of anybody else."""

    def __init__(self, act: Act, upload: Upload) -> None:
        assert upload.program is not None
        self.act, self.upload, self.program = act, upload, upload.program
        self.prefix = self.program.sponsor.code[:3].upper()
        taken = Compound.objects.filter(organization=self.program.sponsor).values_list("code", flat=True)
        tails = [code.rpartition("-")[2] for code in taken]
        self.last = max((int(tail) for tail in tails if tail.isdigit()), default=0)
        self.names: dict[str, str] = {}
        self.compounds = {c.code: c for c in Compound.objects.filter(program=self.program, is_void=False)}
        self.forms: dict[tuple[str, str], Form] = {
            (f.compound.code, f.name): f
            for f in Form.objects.filter(program=self.program, is_void=False).select_related("compound")
        }
        self.lots: dict[str, int] = {}
        for code in CompoundLot.objects.filter(program=self.program).values_list("code", flat=True):
            form = code.rpartition("-")[0]
            self.lots[form] = self.lots.get(form, 0) + 1

    def register(self, found: list[registry.Verdict]) -> None:
        for one in found:
            verdict = registry.renamed(one, self.names)
            computed = self._computed(verdict)
            made = from_json("discovery.register_structure", computed.output)
            compound = self._compound(verdict, made, computed)
            form = self._form(compound, made)
            lot = self._lot(form, verdict)
            self.act.create(
                Registration, program=self.program, upload=self.upload, number=verdict.source.number,
                decision=verdict.decision, reason=verdict.reason, lot=lot, computed=computed,
            )  # fmt: skip

    def _computed(self, verdict: registry.Verdict) -> computing.Result:
        return computing.run(
            self.act,
            "discovery.register_structure",
            inputs={"structure": verdict.source.structure},
            parameters={"no_chiral_flag": self.upload.no_chiral_flag},
            sources=[self.upload.dataset],
            program=self.program,
            title=f"Structure of {self.upload} record {verdict.source.number}",
        )

    def _compound(self, verdict: registry.Verdict, made: Made, computed: computing.Result) -> Compound:
        code = verdict.compound
        if not code:
            self.last += 1
            code = f"{self.prefix}-{self.last:06d}"
        self.names[f"record {verdict.source.number}"] = code
        if code in self.compounds:
            return self.compounds[code]
        keys = made.identity
        self.compounds[code] = self.act.create(
            Compound,
            program=self.program,
            code=code,
            name=registry.name_of(verdict.source),
            smiles=made.standardised.parent,
            key=keys.tautomer,
            key_exact=keys.exact,
            key_isotope=keys.isotope,
            key_stereo=keys.stereo,
            key_skeleton=keys.skeleton,
            inchi_key=made.inchi_key,
            stereo_kind=keys.stereo_kind,
            formula=made.standardised.formula,
            weight=f"{made.standardised.parent_weight:.3f}",
            computed=computed,
            relative=self.compounds.get(verdict.relative),
            relation=verdict.reason.partition(" differ")[0] if verdict.relative else "",
            sources=sources_of([computed]),
        )
        return self.compounds[code]

    def _form(self, compound: Compound, made: Made) -> Form:
        place = (compound.code, made.form)
        if place not in self.forms:
            count = sum(1 for code, _ in self.forms if code == compound.code)
            self.forms[place] = self.act.create(
                Form, program=self.program, compound=compound, code=f"{compound.code}-{chr(65 + count % 26)}",
                name=made.form, parts=[vars(part) for part in made.standardised.parts],
                weight=f"{made.standardised.weight:.3f}",
            )  # fmt: skip
        return self.forms[place]

    def _lot(self, form: Form, verdict: registry.Verdict) -> CompoundLot:
        number = self.lots[form.code] = self.lots.get(form.code, 0) + 1
        return self.act.create(
            CompoundLot, program=self.program, form=form, code=f"{form.code}-{number:02d}",
            source_name=registry.name_of(verdict.source),
        )  # fmt: skip


@verb("discovery.discard_upload", "discard an upload of structures", roles=CHEMISTS)
def discard_upload(act: Act, upload: Upload) -> Upload:
    """Discard an upload that is not registered, with a reason; its file stays sealed."""
    must_be(upload, Upload.State.STAGED)
    if not act.reason:
        raise Invalid("a discarded upload says why", errors={"reason": "needed"})
    return act.change(upload, state=Upload.State.DISCARDED)


@verb("discovery.link_lot", "name the material lot of a compound lot", roles=CHEMISTS)
def link_lot(act: Act, lot: CompoundLot, *, material: Lot) -> CompoundLot:
    """Say which lot of the stores a compound lot is."""
    if material.program_id != lot.program_id or material.is_void:
        raise Refused("this lot is not of the program", given=str(material))
    if lot.material_id is not None:
        raise Refused(f"{lot} is linked already", given=str(lot.material))
    return act.change(lot, material=material)


__all__ = ["bring_structures", "discard_upload", "link_lot", "register_upload"]
