"""The verbs of process development: the only place that writes its records."""
