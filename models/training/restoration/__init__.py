"""Training of the restorers: pictures before and after a conventional codec."""
