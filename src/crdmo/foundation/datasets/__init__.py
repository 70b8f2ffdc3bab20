"""Sealed files and tables, addressed by their content."""
