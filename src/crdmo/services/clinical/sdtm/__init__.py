"""SDTM of a trial: its records as domains, a folder of transport files out, and such a folder in."""
