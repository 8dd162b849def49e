"""What a run says, for people: a page with plots and picture strips, and the repository's page of results."""
