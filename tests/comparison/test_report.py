"""Reports: written, read back, merged, compared, and shown."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from callcodec.measure.comparison.plans import PHONE
from callcodec.measure.comparison.report import ClipNote, build, merge
from callcodec.measure.comparison.report_files import JSON_NAME, POINTS_CSV, ReportError, read, write
from callcodec.measure.comparison.strips import strip_path
from callcodec.measure.page.changes import changes
from callcodec.measure.page.html import render
from callcodec.measure.page.results import PAGE, write_results_page
from callcodec.measure.page.text import markdown
from callcodec.measure.tables.registry import TABLES, find_table
from callcodec.sample import sample_clip
from tests.comparison.made_up import curve, run


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    report = build(run())
    write(report, tmp_path)
    again = read(tmp_path)
    assert again.results == report.run.results
    assert again.points == report.run.points
    assert build(again).claims == report.claims


def test_every_row_says_the_command_that_makes_it(tmp_path: Path) -> None:
    write(build(run()), tmp_path)
    with (tmp_path / POINTS_CSV).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(f'--points "{row["point"]}"' in row["command"] for row in rows)
    assert float(rows[1]["kbps_whole_10_s"]) > float(rows[1]["kbps_whole_600_s"]) > float(rows[1]["kbps"])


def test_the_headline_stands_first_in_json_and_page(tmp_path: Path) -> None:
    report = build(run())
    write(report, tmp_path)
    assert list(json.loads((tmp_path / JSON_NAME).read_text(encoding="utf-8")))[:2] == ["format", "headline"]
    page = render(report)
    assert page.index(report.claims[0].verdict) < page.index("Rate and distortion")


def test_the_page_needs_no_network_and_no_script() -> None:
    page = render(build(run()))
    assert "<script" not in page
    assert "src='http" not in page
    assert 'href="http' not in page.replace("http://www.w3.org", "")
    assert page.count("<svg") == 3


def test_a_report_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot use"):
        read(tmp_path)
    (tmp_path / JSON_NAME).write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(ReportError, match="not a report"):
        read(tmp_path)


def test_a_place_that_takes_no_files_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot write"):
        write(build(run()), tmp_path / "file")


def test_of_two_runs_the_last_one_counts_and_failures_replace_nothing() -> None:
    first, second = run(curve({PHONE: (0.5, 24.0)})), run(curve({PHONE: (0.5, 26.0)}))
    failed = replace(second.results[0], rates=None, figures={}, error="a dead worker")
    merged = merge([first, replace(second, results=(failed, *second.results[1:]))])
    assert build(merged).summaries[PHONE.label].mean("psnr_db") == pytest.approx((23 + 26 + 27) / 3)


def test_what_changed_between_runs_is_said_with_its_interval() -> None:
    grid = changes([run(curve({PHONE: (0.5, 24.0)})), run(curve({PHONE: (0.7, 25.0)}))])
    assert grid is not None
    assert grid.rows[0][:3] == (PHONE.label, "+0.200", "+1.00 (+1.00 to +1.00)")
    assert changes([run()]) is None


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_a_papers_table_has_its_rows_and_ours(table: object) -> None:
    found = find_table(getattr(table, "name", ""))
    grid = found.fill(build(run()))
    assert {len(row) for row in grid.rows} == {len(grid.headings)}
    assert len(grid.rows) == len(found.theirs) + len(found.ours)
    assert f"--table {found.name}" in markdown(grid)


def test_our_figures_stand_in_the_papers_columns() -> None:
    rows = find_table("upsampler3").fill(build(run())).rows
    ours = next(row for row in rows if row[0] == "callcodec compact, coded 5 FPS, hints")
    assert ours[2] == "24.00"
    assert ours[-1] == "here: 3 clips of 3 people"
    missing = next(row for row in rows if row[0] == "H.264 (x264, CRF=23)")
    assert missing[-1] == "not measured"


def test_an_unknown_table_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(ValueError, match=r"'x'.*upsampler2.*gavn2"):
        find_table("x")


def test_the_repositorys_page_shows_no_picture_but_the_samples(tmp_path: Path) -> None:
    written = write_results_page(build(run(folder=tmp_path)), tmp_path / "page")
    assert not [path for path in written if path.suffix == ".jpg"]
    page = (tmp_path / "page" / PAGE).read_text(encoding="utf-8")
    assert "psnr_db.svg" in page
    assert page.count("Made by") >= 6


def test_the_repositorys_page_shows_the_samples_strips_and_others_figures(tmp_path: Path) -> None:
    sample = sha256(sample_clip().read_bytes()).hexdigest()
    key = "ab" * 32
    strip_path(tmp_path, key).parent.mkdir(parents=True)
    strip_path(tmp_path, key).write_bytes(b"a JPEG")
    made = run(folder=tmp_path)
    shown = replace(made.results[-1], point=PHONE.label, clip="drawn", person="drawn", strip=key)
    with_sample = replace(
        made, clips=(*made.clips, ClipNote("drawn", "drawn", sample)), results=(*made.results, shown)
    )
    written = write_results_page(build(with_sample), tmp_path / "page")
    assert [path.name for path in written if path.suffix == ".jpg"] == ["sample_0.jpg"]
    page = (tmp_path / "page" / PAGE).read_text(encoding="utf-8")
    assert "![" + PHONE.label in page
    assert page.startswith("# Results: what a bit buys\n\n3 clips of 3 people")
