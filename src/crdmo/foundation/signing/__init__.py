"""Electronic signatures after 21 CFR Part 11: who, when, with which meaning, over exactly which bytes."""
