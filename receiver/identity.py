"""The incoming identity image: chunks become a picture, and a refined picture replaces the first one."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.still import decode_still
from callcodec.transport.worker import Worker
from callcodec.wire.hints import origin_tag
from callcodec.wire.identity import Identity, IdentityAssembler, IdentityHeader

PICTURE_SIZE = 256


class IdentityReceiver:
    """Assembles, checks and decodes identity images; decoding runs in the worker."""

    def __init__(self, worker: Worker, use: Callable[[NDArray[np.uint8], int], None]) -> None:
        """use: takes each picture, and the tag by which hints know it, which is its first layer's."""
        self._assembler = IdentityAssembler()
        self._worker = worker
        self._use = use
        self.received_bytes = 0
        self.refused: list[str] = []
        self.layers_complete = 0
        self._tag = 0
        self._held: dict[int, bytes] = {}
        self._decoding = False
        self._waiting: tuple[Identity, int] | None = None

    @property
    def held(self) -> tuple[bytes, ...]:
        """SHA-256 of the newest picture of each layer that is here and can be used."""
        return tuple(self._held.values())

    def receive(self, message: bytes) -> None:
        """Take one identity message from the wire; a bad one is noted and dropped."""
        self.received_bytes += len(message)
        try:
            identity = self._assembler.add(message)
        except ValueError as error:
            self._refuse(str(error))
            return
        if identity is not None:
            if identity.header.layer == 0:
                self._tag = origin_tag(identity.header.sha256)
            tag = self._tag
            self._waiting = (identity, tag)
            self._begin()

    def _begin(self) -> None:
        """One picture at a time, and of those that came meanwhile the newest: a flood of them costs no memory."""
        if self._decoding or self._waiting is None:
            return
        (identity, tag), self._waiting = self._waiting, None
        self._decoding = True

        def done(picture: NDArray[np.uint8] | ValueError) -> None:
            self._decoding = False
            self._done(picture, identity.header, tag)
            self._begin()

        self._worker.submit(lambda: self._decode(identity), done)

    def _decode(self, identity: Identity) -> NDArray[np.uint8] | ValueError:
        header = identity.header
        try:
            picture = decode_still(header.format, identity.payload, header.width, header.height)
        except ValueError as error:
            return error
        if picture.shape[:2] != (PICTURE_SIZE, PICTURE_SIZE):
            picture = cv2.resize(picture, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_CUBIC).astype(
                np.uint8
            )
        return picture

    def _done(self, picture: NDArray[np.uint8] | ValueError, header: IdentityHeader, tag: int) -> None:
        if isinstance(picture, ValueError):
            self._refuse(str(picture))
            return
        if header.layer == 0:
            self._held.clear()
        self._held[header.layer] = header.sha256
        self.layers_complete += 1
        self._use(picture, tag)

    def _refuse(self, why: str) -> None:
        if len(self.refused) < 8:  # a hostile peer must not fill the memory with complaints
            self.refused.append(why)
