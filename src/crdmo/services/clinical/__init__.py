"""Clinical trials: consent, randomisation, case report forms, queries, verification, lock, safety, analysis, exchange."""
