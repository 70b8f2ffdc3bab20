"""CH31 and AE.A244 on a Biacore T200, worked through (Li & Dennison 2023, doi 10.5281/zenodo.7998652).

The published fit takes the five highest of eight concentrations, a Rmax for each, and a bulk shift: KD 65.7 nM. Here the same
sensorgrams are read, fitted in several ways, and what each way hides is said.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from crdmo.science.discovery.binding_figure import binding_figure
from crdmo.science.discovery.binding_kinetics import binding_kinetics
from crdmo.science.discovery.binding_law import Bulk
from crdmo.science.discovery.binding_model import Cycle, Injection
from crdmo.science.discovery.binding_result import BindingKinetics
from crdmo.standards.sensorgram import read_sensorgrams

DATA = ("discovery/spr/T200_chip1_ch2.txt.gz",)
# From the sheet of settings: the labels in the export say ug/mL, and are cut off.
MOLAR = (2.771e-8, 5.543e-8, 1.109e-7, 2.217e-7, 4.434e-7, 8.868e-7, 1.774e-6, 3.547e-6)


def told(name: str, found: BindingKinetics) -> None:
    value = f"KD {1e9 * found.affinity.value:.1f} nM" if found.affinity else "no KD"
    print(f"{name}: {value}, kd {found.kd.value:.3g} 1/s")
    for said in found.flags:
        print(f"    {said}")


def main() -> str:
    path = Path(os.environ["CRDMO_SHARED"]) / "data" / DATA[0]
    read = read_sensorgrams(gzip.decompress(path.read_bytes()))
    print(
        f"{len(read.sensorgrams)} cycles; {sum(one.criterion == 'label' for one in read.findings)} labels without a whole unit"
    )
    cycles = [
        Cycle(f"{1e9 * molar:.0f} nM", one.seconds, one.response, (Injection(0, molar), Injection(180, 0)))
        for one, molar in zip(read.sensorgrams, MOLAR, strict=True)
    ]
    high = {"cycles": cycles[3:], "average": 4.0}
    local = binding_kinetics(**high, local_rmax=True)
    told("Five highest, local Rmax, bulk shift during injections", local)
    told("The same, the published bulk shift", binding_kinetics(**high, local_rmax=True, bulk=Bulk.DISSOCIATION))
    told("The same without a bulk shift", binding_kinetics(**high, local_rmax=True, bulk=Bulk.NONE))
    told("One Rmax for all five", binding_kinetics(**high))
    told("Three lowest", binding_kinetics(cycles=cycles[:3], local_rmax=True, average=4.0))
    return binding_figure(local, title="AE.A244 over CH31").svg


if __name__ == "__main__":
    main()
