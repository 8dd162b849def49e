"""Figures of a shown talking face against the one that was filmed: pictures, landmarks, time, and their spread."""
