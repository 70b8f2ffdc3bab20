"""Preclinical studies: the statistics of toxicology."""
