"""Readers, writers and validators of the field's formats, one folder a standard. Pure; no Django."""
