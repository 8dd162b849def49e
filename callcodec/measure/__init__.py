"""What a call cost and what it gave: logs and kept frames become figures, films and reports."""
