"""The secret file: made once, for its owner's eyes only."""

from pathlib import Path

import pytest

from callcodec.cli import main
from callcodec.transport.secret import MIN_SECRET_BYTES, SecretError, load_secret, make_secret


def test_a_new_secret_is_long_random_and_private(tmp_path: Path) -> None:
    assert main(["secret", str(tmp_path / "a")]) == 0
    make_secret(tmp_path / "b")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert len(load_secret(tmp_path / "a")) >= MIN_SECRET_BYTES
    assert load_secret(tmp_path / "a") != load_secret(tmp_path / "b")


def test_a_secret_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_secret(tmp_path / "a")
    before = load_secret(tmp_path / "a")
    assert main(["secret", str(tmp_path / "a")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert load_secret(tmp_path / "a") == before


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_secret(tmp_path / "a")
    (tmp_path / "a").chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        load_secret(tmp_path / "a")


@pytest.mark.parametrize("content", [b"", b"00" * 15, b"hello", b"\xff" * 40, b"00" * 600])
def test_what_is_no_secret_is_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(SecretError, match="callcodec secret"):
        load_secret(path)


def test_a_missing_secret_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"callcodec secret .*a makes a secret"):
        load_secret(tmp_path / "a")
