"""What the reader refuses, and what it reports as damage."""


class UnsupportedStream(ValueError):  # noqa: N818
    """The stream uses a tool outside Constrained Baseline; the sentence names it."""


class DamagedStream(ValueError):  # noqa: N818
    """Bytes that no conforming stream has at this place; the reader turns it into a damaged picture."""
