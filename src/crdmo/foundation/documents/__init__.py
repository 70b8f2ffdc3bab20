"""Controlled documents: versions, review, approval, effective, superseded; printed as PDF/A."""
