"""The page that a browser calls with: HTML, CSS and JavaScript as they are served, nothing built, nothing fetched."""
