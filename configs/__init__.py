"""The shipped YAML files; callcodec.config loads them."""
