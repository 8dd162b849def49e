"""Clips, stills and movies: everything that reads or writes pictures and sound on this machine."""
