"""The verbs of the quality system: each checks authority and state, then writes."""
