"""Our figures in the four papers' own layouts, beside theirs."""
