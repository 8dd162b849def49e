"""Restoration of conventionally coded faces: MDVD (H.264), MMSD (×4 with emotion), GAVN (compression, blur, size)."""
