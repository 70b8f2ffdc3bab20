"""Signs one checkpoint and says its size."""

import django

django.setup()

from crdmo.foundation.ledger import checkpoints  # noqa: E402

print(checkpoints.sign().size, flush=True)
