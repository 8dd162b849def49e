"""Reference pictures: marking, gaps in frame_num, and the reference list of a P slice (clauses 8.2.4 and 8.2.5)."""

from dataclasses import dataclass

from callcodec.h264.errors import DamagedStream
from callcodec.h264.slice_header import MarkingCommand, SliceHeader

NO_SLOT = -1


@dataclass(eq=False)
class Reference:
    """A frame that later pictures may refer to; ``slot`` is NO_SLOT for one that a gap in frame_num implies."""

    slot: int
    frame_num: int
    long_term_index: int | None = None


class ReferencePictures:
    """The frames marked as used for reference, at most ``capacity`` of them."""

    def __init__(self, capacity: int, frame_num_bits: int) -> None:
        self._capacity = max(capacity, 1)
        self._frame_num_limit = 1 << frame_num_bits
        self._most_long_term = 0
        self._references: list[Reference] = []

    def clear(self) -> None:
        """An IDR picture forgets everything."""
        self._references.clear()
        self._most_long_term = 0

    def free_slot(self) -> int:
        """A slot of 0 to ``capacity`` that no reference lies in."""
        used = {reference.slot for reference in self._references}
        return next(slot for slot in range(self._capacity + 1) if slot not in used)

    def _short_term(self) -> list[Reference]:
        return [reference for reference in self._references if reference.long_term_index is None]

    def _long_term(self) -> list[Reference]:
        return [reference for reference in self._references if reference.long_term_index is not None]

    def _picture_number(self, reference: Reference, frame_num: int) -> int:
        """PicNum = FrameNumWrap of a short-term frame, relative to the current frame_num (equation 8-27)."""
        wraps = reference.frame_num > frame_num
        return reference.frame_num - (self._frame_num_limit if wraps else 0)

    def reference_list(self, header: SliceHeader) -> list[int]:
        """RefPicList0 as slots, NO_SLOT for entries without a picture (clauses 8.2.4.2.1 and 8.2.4.3)."""
        frame_num = header.frame_num
        short = sorted(self._short_term(), key=lambda r: self._picture_number(r, frame_num), reverse=True)
        long = sorted(self._long_term(), key=lambda r: r.long_term_index or 0)
        padding = [None] * header.references
        entries: list[Reference | None] = [*short, *long, *padding][: header.references]
        predicted = frame_num
        for index, (operation, operand) in enumerate(header.modifications):
            if index >= header.references:
                raise DamagedStream("the reference list is modified beyond its end")
            if operation == 2:
                chosen = self._find_long(operand)
            else:
                step = -(operand + 1) if operation == 0 else operand + 1
                predicted = (predicted + step) % self._frame_num_limit
                wrapped = predicted - (self._frame_num_limit if predicted > frame_num else 0)
                chosen = self._find_short(wrapped, frame_num)
            rest = [entry for entry in entries[index:] if entry is not chosen]
            entries = [*entries[:index], chosen, *rest][: header.references]
        return [NO_SLOT if entry is None else entry.slot for entry in entries]

    def _find_short(self, picture_number: int, frame_num: int) -> Reference:
        for reference in self._short_term():
            if self._picture_number(reference, frame_num) == picture_number:
                return reference
        raise DamagedStream(f"short-term reference picture {picture_number} is not there")

    def _find_long(self, index: int) -> Reference:
        for reference in self._long_term():
            if reference.long_term_index == index:
                return reference
        raise DamagedStream(f"long-term reference picture {index} is not there")

    def _slide_window(self) -> None:
        """Make room by dropping the oldest short-term frame (clause 8.2.5.3)."""
        short = self._short_term()
        if len(self._references) < self._capacity:
            return
        if not short:
            raise DamagedStream("long-term references leave no room for another frame")
        # Frames are kept in decoding order, in which FrameNumWrap of short-term frames grows.
        self._references.remove(short[0])

    def fill_gap(self, previous: int, current: int) -> None:
        """Imply the frames between two frame_num (clause 8.2.5.2); only the last ``capacity`` can matter."""
        missing = (current - previous - 1) % self._frame_num_limit
        for distance in range(min(missing, self._capacity), 0, -1):
            self._slide_window()
            self._references.append(Reference(NO_SLOT, (current - distance) % self._frame_num_limit))

    def mark(self, header: SliceHeader, slot: int) -> bool:
        """Mark the decoded picture in ``slot`` (clause 8.2.5.1); True where memory command 5 restarts frame_num."""
        current = Reference(slot, header.frame_num)
        restarts = False
        if header.is_idr:
            self.clear()
            if header.long_term_reference:
                current.long_term_index, self._most_long_term = 0, 1
        elif header.marking is None:
            self._slide_window()
        else:
            for command in header.marking:
                restarts |= self._execute(command, current)
            self._slide_window()  # an encoder that forgot to make room would overfill the buffer
        self._references.append(current)
        return restarts

    def _execute(self, command: MarkingCommand, current: Reference) -> bool:
        """One memory_management_control_operation (clause 8.2.5.4); True for operation 5."""
        frame_num = current.frame_num
        if command.operation in (1, 3):
            reference = self._find_short(frame_num - command.first - 1, frame_num)
            if command.operation == 1:
                self._references.remove(reference)
            else:
                self._release_long(command.second)
                reference.long_term_index = command.second
        elif command.operation == 2:
            self._references.remove(self._find_long(command.first))
        elif command.operation == 4:
            self._most_long_term = command.first
            self._references = [
                r for r in self._references if r.long_term_index is None or r.long_term_index < command.first
            ]
        elif command.operation == 6:
            self._release_long(command.first)
            current.long_term_index = command.first
        else:
            self.clear()
            current.frame_num = 0
            return True
        return False

    def _release_long(self, index: int) -> None:
        """Free a long-term index for another frame; one beyond the allowed range is damage."""
        if index >= self._most_long_term:
            raise DamagedStream(
                f"long-term index {index} exceeds the {self._most_long_term} that are allowed"
            )
        self._references = [r for r in self._references if r.long_term_index != index]
