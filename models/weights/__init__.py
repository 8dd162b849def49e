"""The shipped weights, each with its model card; models.registry loads them."""
