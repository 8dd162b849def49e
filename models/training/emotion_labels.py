"""What data sets call emotions, as the states that a face packet carries."""

from __future__ import annotations

from callcodec.wire.emotion import EmotionState

UNKNOWN = -1
STRONG_LEVEL = 3  # of MEAD's three levels, on which RAVDESS' two are 2 and 3
STATES = {
    "calm": EmotionState.CALM,
    "happy": EmotionState.HAPPY,
    "sad": EmotionState.SAD,
    "angry": EmotionState.ANGRY,
    "fear": EmotionState.FEARFUL,
    "disgusted": EmotionState.DISGUSTED,
    "surprised": EmotionState.SURPRISED,
}


def emotion_state(label: str) -> int:
    """State 0..14 of a label such as ``angry`` or ``angry:3``; −1 for an empty one and for what no state is.

    Contempt, which MEAD has, is not among the states of MMSD. Without a level the emotion is of normal intensity.
    """
    name, _, level = label.partition(":")
    if name == "neutral":
        return int(EmotionState.NEUTRAL)
    if name not in STATES:
        return UNKNOWN
    # A strong state follows its normal one.
    return int(STATES[name]) + int(level == str(STRONG_LEVEL))
