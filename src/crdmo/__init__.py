"""OpenCRDMO: one thread from the molecule to the released batch to the submitted dossier, with proof."""

__version__ = "0.1.0"
