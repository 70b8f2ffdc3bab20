"""Preclinical studies: a study under good laboratory practice, from its protocol to the signed report."""
