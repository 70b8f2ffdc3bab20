"""One module a part of accounts: coming in, the own account, people."""
