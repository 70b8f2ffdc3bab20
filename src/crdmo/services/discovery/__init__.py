"""New drug discovery: compounds, assays, curves, the candidate."""
