"""The verbs of discovery, one file a subject. The only place that writes."""
