"""Conventional video codecs as a call could use them, and at their best, through PyAV."""
