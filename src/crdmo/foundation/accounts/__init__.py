"""Who: organizations, programs, people, their roles, delegations and training; and who may do what."""
