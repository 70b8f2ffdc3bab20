"""What every GxP system needs, said once: who, what, when, why, signed by whom, computed from what."""
