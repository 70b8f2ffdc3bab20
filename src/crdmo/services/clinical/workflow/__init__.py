"""The verbs of a clinical trial."""
