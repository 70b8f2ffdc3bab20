from __future__ import annotations

import time

from crdmo.services.clinical.workflow import blinding
from tests.services.clinical.trial import Trial


def test_whole(trial: Trial) -> None:
    t = time.time()
    for i in range(4):
        s = trial.randomised(i % 2)
        trial.whole(s, i % 2, f"{7.0 + 0.3 * i}")
    print("subjects", time.time() - t)
    t = time.time()
    lock = trial.locked()
    print("lock", time.time() - t)
    t = time.time()
    from crdmo.services.clinical.sdtm.writing import files_of

    print(list(files_of(trial.again(trial.study))))
    blinding.unblind_trial(trial.crew.unblinded, lock, credentials=trial.sign(trial.crew.unblinded))
    print({k: len(v) for k, v in files_of(trial.again(trial.study)).items()})
