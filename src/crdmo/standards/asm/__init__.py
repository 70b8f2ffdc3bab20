"""Allotrope Simple Model (ASM) documents of plate readers."""

from .plate_reader import PlateReaderDocument, is_asm, read_asm

__all__ = ["PlateReaderDocument", "is_asm", "read_asm"]
