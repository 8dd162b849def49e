"""One module per command, nothing but wiring: ``add_parser(subparsers)`` and ``run(arguments) -> int``."""
