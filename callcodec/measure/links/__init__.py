"""Calls over links that barely exist, each held to what it must bear: `callcodec measure links`."""
