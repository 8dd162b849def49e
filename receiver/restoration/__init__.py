"""Restores the faces of conventionally coded video: decoded pictures and what their stream knows → better pictures."""
