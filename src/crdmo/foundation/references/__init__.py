"""The reference catalogue: official artefacts with version, effective date, digest and licence."""
