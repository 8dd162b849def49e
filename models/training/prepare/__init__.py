"""From data sets as they are published to folders of face tracks that training reads."""
