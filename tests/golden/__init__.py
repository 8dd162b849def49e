"""Packets whose bytes may never change within a major version."""
