"""The verbs of manufacturing: masters, equipment, the floor, exceptions, review."""
