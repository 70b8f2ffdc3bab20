"""Pages that belong to no service: the desk, a program, search, the thread, a record and its history, the ledger."""
