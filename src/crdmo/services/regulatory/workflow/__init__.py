"""The verbs of regulatory affairs, one file a subject."""
