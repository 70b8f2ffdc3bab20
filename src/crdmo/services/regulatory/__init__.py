"""Regulatory affairs: applications, sequences and their leaves, clocks, questions, commitments."""
