"""What people see: the shell, its components, home, search, thread and ledger pages."""
