"""The verbs of preclinical studies."""
