"""Tables of the three papers on restoration: MDVD 1 and 4, MMSD 1, GAVN 1 and 2."""

from __future__ import annotations

from callcodec.measure.comparison.points import RestoredPoint
from callcodec.measure.tables.layout import Column, OwnRow, PaperTable

_NO = ""
_YES = "✓"
_PSNR = Column("PSNR", "psnr_db")


def _h264(restorer: str, kbps: float, hears: bool = True, knows: bool = True) -> RestoredPoint:
    return RestoredPoint(restorer, "h264", kbps, hears=hears, knows=knows)


MDVD_1 = PaperTable(
    "mdvd1",
    "Zhang & Wu (MDVD), Table 1: what each part gives",
    ("VPB", "MV", "SPB", "FLWOC", "FLWC", "SAF", "VCI"),
    (Column("PSNR, Obama", None), Column("PSNR, VoxCeleb2 / here", "psnr_db")),
    (
        (_YES, _NO, _NO, _NO, _NO, _NO, _NO, "29.88", "26.82"),
        (_YES, _YES, _NO, _NO, _NO, _NO, _NO, "29.96", "26.85"),
        (_YES, _YES, _YES, _NO, _NO, _NO, _NO, "30.23", "27.01"),
        (_YES, _YES, _YES, _YES, _NO, _NO, _NO, "30.31", "27.04"),
        (_YES, _YES, _YES, _YES, _NO, _YES, _NO, "30.37", "27.06"),
        (_YES, _YES, _YES, _NO, _YES, _NO, _NO, "30.43", "27.12"),
        (_YES, _YES, _YES, _NO, _YES, _YES, _NO, "30.54", "27.20"),
        (_YES, _YES, _YES, _NO, _YES, _YES, _YES, "30.72", "27.31"),
    ),
    (
        OwnRow(("H.264", _NO, _NO, _NO, _NO, _NO, _NO), _h264("none", 60)),
        OwnRow((_YES, "taken away", _YES, _NO, _YES, _YES, "taken away"), _h264("mdvd", 60, knows=False)),
        OwnRow((_YES, _YES, "taken away", _NO, _YES, _YES, _YES), _h264("mdvd", 60, hears=False)),
        OwnRow((_YES, _YES, _YES, _NO, _YES, _YES, _YES), _h264("mdvd", 60)),
    ),
    "paper: Obama, VoxCeleb2 at 60 to 120 kbps",
    "VPB: video branch; MV: motion vectors; SPB: speech branch; FLWOC, FLWC: landmarks without and with "
    "correction; SAF: spatial attention fusion; VCI: codec information. The paper trained a network a row; "
    "ours is one network at 60 kbps that is not told what was taken away, nothing retrained.",
)

MDVD_4 = PaperTable(
    "mdvd4",
    "Zhang & Wu (MDVD), Table 4: rates that training did not see",
    ("Bitrate",),
    tuple(Column(name, "psnr_db") for name in ("H.264", "DSCNN", "DKFN", "MFQE", "EDVR", "MDVD")),
    (
        ("40kbps", "23.52", "23.65", "23.96", "24.27", "24.68", "25.02"),
        ("160kbps", "32.41", "32.21", "32.45", "32.87", "33.21", "33.52"),
    ),
    tuple(
        OwnRow((f"{kbps}kbps",), points=(_h264("none", kbps), None, None, None, None, _h264("mdvd", kbps)))
        for kbps in (40, 160)
    ),
    "paper: VoxCeleb2, 224×224",
    "PSNR in dB. Here: 256×256 at 25 FPS, x264 Constrained Baseline without look-ahead, constant rate.",
)


def _small(restorer: str, crf: int) -> RestoredPoint:
    return RestoredPoint(restorer, "h264", crf, by_rate=False, size=64)


def _thrice(restorer: str) -> tuple[RestoredPoint, ...]:
    return tuple(_small(restorer, crf) for crf in (15, 32, 40) for _ in range(2))


MMSD_1 = PaperTable(
    "mmsd1",
    "Guo, Zhang & Wu (MMSD), Table 1: ×4",
    ("Methods",),
    tuple(
        column
        for crf in (15, 32, 40)
        for column in (Column(f"CRF={crf} PSNR", "psnr_db"), Column(f"CRF={crf} SSIM", "ssim", 3))
    ),
    (
        ("Bicubic", "27.73", "0.834", "23.30", "0.689", "21.55", "0.622"),
        ("DBPN", "29.62", "0.876", "27.02", "0.835", "24.73", "0.784"),
        ("EDVR", "29.45", "0.872", "27.25", "0.837", "24.81", "0.783"),
        ("MMSD (Guo et al.)", "30.12", "0.888", "27.64", "0.841", "25.38", "0.803"),
    ),
    (
        OwnRow(("Bicubic",), points=_thrice("none")),
        OwnRow(("callcodec mmsd",), points=_thrice("mmsd")),
    ),
    "paper: 480×288 from 120×72, MEAD-like",
    "Here: 256×256 from 64×64, H.264 at 25 FPS.",
)

_TASKS = (
    ("Compression Artifact Removal", RestoredPoint("none", "h264", 45, by_rate=False)),
    ("Deblur", RestoredPoint("none", "blur", 21, by_rate=False)),
    ("Super Resolution", RestoredPoint("none", "low resolution", 4, by_rate=False)),
)


def _with(point: RestoredPoint, restorer: str) -> RestoredPoint:
    return RestoredPoint(restorer, point.kind, point.value, point.by_rate)


_GAVN_1 = {
    "Compression Artifact Removal": (
        ("DBPN", "28.2960", "0.8487", "0.9294", "0.1749", "3.6849", "9.9143"),
        ("EDVR", "28.5213", "0.8518", "0.9350", "0.1686", "4.3490", "9.5611"),
        ("BasicVSR++", "28.6857", "0.8513", "0.9348", "0.1665", "4.0944", "9.7808"),
        ("DAVD-Net", "28.7269", "0.8534", "0.9367", "0.1694", "4.6788", "9.3363"),
        ("VRT", "28.4900", "0.8504", "0.9334", "0.1703", "3.9567", "9.8124"),
        ("GAVN (Cao et al.)", "28.9780", "0.8622", "0.9391", "0.1658", "4.8463", "9.2228"),
    ),
    "Deblur": (
        ("DBPN", "38.0848", "0.9617", "0.9903", "0.0645", "7.0134", "7.4523"),
        ("EDVR", "38.9772", "0.9698", "0.9950", "0.0564", "7.0534", "7.4293"),
        ("BasicVSR++", "38.5049", "0.9675", "0.9945", "0.0620", "7.0344", "7.4287"),
        ("DAVD-Net", "38.4667", "0.9672", "0.9943", "0.0613", "7.0441", "7.4355"),
        ("VRT", "38.1804", "0.9665", "0.9940", "0.0629", "7.0251", "7.4442"),
        ("GAVN (Cao et al.)", "39.3441", "0.9716", "0.9954", "0.0523", "7.0603", "7.4251"),
    ),
    "Super Resolution": (
        ("DBPN", "34.7139", "0.9394", "0.9778", "0.0896", "6.3998", "7.8302"),
        ("EDVR", "35.1852", "0.9455", "0.9828", "0.0725", "6.6885", "7.6744"),
        ("BasicVSR++", "35.5053", "0.9496", "0.9852", "0.0663", "6.5442", "7.7513"),
        ("DAVD-Net", "34.5627", "0.9391", "0.9797", "0.0806", "6.5985", "7.7462"),
        ("VRT", "34.9731", "0.9378", "0.9765", "0.0871", "6.4612", "7.7419"),
        ("GAVN (Cao et al.)", "36.1462", "0.9543", "0.9859", "0.0661", "6.7240", "7.6504"),
    ),
}

GAVN_1 = PaperTable(
    "gavn1",
    "Cao et al. (GAVN), Table 1: three tasks",
    ("Task", "Method"),
    (
        _PSNR, Column("SSIM", "ssim", 4), Column("MSSSIM", "ms_ssim", 4), Column("LPIPS ↓", "lpips", 4),
        Column("Sync_c", "sync_confidence", 4), Column("Sync_d ↓", "sync_distance", 4),
    ),
    tuple((task, *row) for task, rows in _GAVN_1.items() for row in rows),
    tuple(
        OwnRow((task, name), _with(point, restorer))
        for task, point in _TASKS for restorer, name in (("none", "none"), ("gavn", "callcodec gavn"))
    ),
    "paper: VoxCeleb2, 224×224",
    "Here: 256×256; compression H.264 CRF 45, blur of a 21-pixel kernel, low resolution by 4. Sync by "
    "callcodec's sync_judge, on another scale than SyncNet's.",
)  # fmt: skip

_LEVELS = (
    ("Compression", "h264", "35", ("31.5020", "31.6120", "31.7197", "31.8327")),
    ("Compression", "h264", "40", ("30.7648", "30.8615", "30.8785", "31.0203")),
    ("Compression", "h264", "45", ("28.5213", "28.6857", "28.7269", "28.9780")),
    ("Blur", "blur", "17", ("39.2855", "38.9902", "38.7835", "39.6316")),
    ("Blur", "blur", "21", ("38.2728", "37.8910", "37.7774", "38.7089")),
    ("Blur", "blur", "25", ("37.1521", "36.2650", "36.5882", "37.5581")),
    ("Low Resolution", "low resolution", "2", ("43.1496", "42.4803", "42.9954", "44.1499")),
    ("Low Resolution", "low resolution", "4", ("36.2302", "36.5015", "35.3814", "37.1964")),
    ("Low Resolution", "low resolution", "8", ("29.2927", "29.7503", "28.6765", "30.1159")),
)

GAVN_2 = PaperTable(
    "gavn2",
    "Cao et al. (GAVN), Table 2: levels of distortion, PSNR",
    ("Distortion", "σ"),
    tuple(Column(name, "psnr_db") for name in ("EDVR", "BasicVSR++", "DAVD-Net", "GAVN", "unrestored")),
    tuple((name, level, *values, "-") for name, _kind, level, values in _LEVELS),
    tuple(
        OwnRow(
            (name, level),
            points=(
                None, None, None,
                RestoredPoint("gavn", kind, float(level), by_rate=False),
                RestoredPoint("none", kind, float(level), by_rate=False),
            ),
        )
        for name, kind, level, _values in _LEVELS
    ),
    "paper: VoxCeleb2, 224×224",
    "σ: CRF of H.264, side of the Gaussian kernel in pixels, factor of reduction. Here: 256×256.",
)  # fmt: skip
