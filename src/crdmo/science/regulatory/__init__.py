"""Regulatory affairs: the clocks of procedures."""
