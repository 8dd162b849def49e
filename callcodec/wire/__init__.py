"""Every byte that the two ends of a call agree on; FORMAT.md beside this file describes it byte by byte."""
