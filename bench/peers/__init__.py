"""The same six-column row five times: plain, under each peer's audit trail, and as a record of the ledger."""
