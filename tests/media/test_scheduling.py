"""No encoder changes how the program is scheduled."""

import os

import numpy as np
import pytest

from callcodec.media.scheduling import kept_scheduling
from callcodec.media.still import encode_still

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="no scheduling policies here")


def test_an_identity_image_is_encoded_at_the_program_s_own_priority() -> None:
    before = os.sched_getscheduler(0)
    encode_still(np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 256, 3)), 4000)
    assert os.sched_getscheduler(0) == before


def test_a_policy_that_was_changed_inside_is_as_before() -> None:
    before = os.sched_getscheduler(0)
    with kept_scheduling():
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == before
