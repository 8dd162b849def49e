"""What every test may ask for."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real talking faces (train/, val/ and their .tsv files); the test is skipped without it."""
    folder = Path(os.environ.get("CALLCODEC_CLIPS", REPOSITORY.parent / "shared" / "clips"))
    if not (folder / "val.tsv").is_file():
        pytest.skip(f"no recorded clips in {folder}; CALLCODEC_CLIPS names another folder")
    return folder
