"""Restoration of conventionally coded faces."""
