"""Pages of accounts: log-in, the own account, people and roles."""
