"""Where the emotion that a sender announces comes from: its user, or its user's face."""

from typing import Literal

from sender.sender import Sender

EmotionChoice = int | Literal["auto"] | None


def announce_emotion(sender: Sender, choice: EmotionChoice) -> None:
    """An EmotionState's number, "auto": what the face shows whenever that is sure, or None for nothing.

    Raises ValueError for "auto" without expression hints, WeightsError (a ValueError) without the estimator's weights.
    """
    if choice == "auto":
        from models.emotion_estimator import EmotionEstimator  # noqa: PLC0415 - weights are read by those who ask

        sender.estimate_emotion(EmotionEstimator().push)
    else:
        sender.set_emotion(choice)
