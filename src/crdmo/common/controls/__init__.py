"""Controlled parameters in force: what a control strategy says and a master batch record takes its limits from."""
