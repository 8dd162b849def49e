"""What a call needs of this machine, looked at piece by piece; each fault comes with what to do about it."""
