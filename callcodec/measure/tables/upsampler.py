"""Tables 2, 3 and 4 of Hegde et al., "Extreme-scale Talking-Face Video Upsampling" (ACM MM 2022)."""

from __future__ import annotations

from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.plans import FRUGAL, PHONE
from callcodec.measure.comparison.points import OfflinePoint, OwnPoint, StillPoint
from callcodec.measure.tables.layout import Column, OwnRow, PaperTable

VOXCELEB2 = "paper: VoxCeleb2"
_RAW = OfflinePoint("compact", 25.0)
_RAW_5 = OfflinePoint("compact", 5.0)
_DIFFERENT = (
    "FID: not measured, see the note on metrics. LMD here is the mean distance of 68 landmarks over that of "
    "the outer eye corners; the paper does not say its unit. LSE-D here is by callcodec's sync_judge, 0 to "
    "2, not SyncNet's: compare it only with the rows of the same table that were measured here. Raw: 192 "
    "bytes an 8×8 picture, exact, as the paper counts; coded: what a call sends. Weights trained on 22 "
    "minutes of video; the paper's on VoxCeleb2."
)


def _call(point: OwnPoint, name: str) -> OwnRow:
    return OwnRow((name,), point)


UPSAMPLER_2 = PaperTable(
    "upsampler2",
    "Hegde et al., Table 2: ×32 super-resolution",
    ("Method",),
    (
        Column("PSNR ↑", "psnr_db"), Column("SSIM ↑", "ssim"), Column("FID ↓", None),
        Column("LMD ↓", "landmark_distance", 3), Column("LSE-D ↓", "sync_distance"),
    ),
    (
        ("Bicubic", "22.33", "0.60", "102.41", "0.246", "14.18"),
        ("SPARNet", "23.17", "0.68", "92.14", "0.201", "12.87"),
        ("TecoGAN", "19.26", "0.62", "84.73", "0.213", "13.01"),
        ("Ours (Hegde et al.)", "25.06", "0.73", "11.54", "0.162", "12.43"),
        ("Bicubic, VoxCeleb2", "22.16", "0.60", "105.14", "0.255", "17.83"),
        ("SPARNet, VoxCeleb2", "22.98", "0.67", "83.01", "0.228", "14.07"),
        ("TecoGAN, VoxCeleb2", "16.91", "0.54", "82.19", "0.234", "14.12"),
        ("Ours (Hegde et al.), VoxCeleb2", "24.95", "0.71", "14.10", "0.196", "13.91"),
    ),
    (
        OwnRow(("Bicubic, raw 25 FPS",), OfflinePoint("bicubic", 25.0)),
        OwnRow(("callcodec compact, raw 25 FPS",), _RAW),
        _call(PHONE, "callcodec compact, coded 5 FPS, hints"),
    ),
    "paper: AVSpeech, or as the row says",
    _DIFFERENT,
)  # fmt: skip

UPSAMPLER_3 = PaperTable(
    "upsampler3",
    "Hegde et al., Table 3: compression",
    ("Method",),
    (
        Column("BPP ↓", "bpp", 5), Column("PSNR ↑", "psnr_db"), Column("SSIM ↑", "ssim"), Column("FID ↓", None),
    ),
    (
        ("H.264 (CRF=23)", "0.109", "32.96", "0.79", "9.75"),
        ("H.264 (CRF=36)", "0.027", "19.24", "0.67", "30.12"),
        ("H.266", "0.0076", "23.27", "0.70", "58.32"),
        ("fs-vid2vid", "n/a", "20.36", "0.71", "85.76"),
        ("os-synth", "0.016", "24.37", "0.80", "69.13"),
        ("Ours (Hegde et al.)", "0.023", "24.95", "0.71", "14.10"),
        ("Ours (Hegde et al.), interpolated", "0.0046", "23.72", "0.68", "14.51"),
    ),
    (
        OwnRow(("H.264 (x264, CRF=23)",), CodecPoint("x264", 256, 25.0, 23)),
        OwnRow(("H.264 (x264, CRF=36)",), CodecPoint("x264", 256, 25.0, 36)),
        OwnRow(("AV1 (SVT-AV1, CRF=63)",), CodecPoint("svt-av1", 256, 25.0, 63)),
        OwnRow(("AV1 (SVT-AV1, CRF=63), 64×64 at 5 FPS",), CodecPoint("svt-av1", 64, 5.0, 63)),
        OwnRow(("callcodec compact, raw 25 FPS",), _RAW),
        OwnRow(("callcodec compact, raw 5 FPS, interpolated",), _RAW_5),
        _call(PHONE, "callcodec compact, coded 5 FPS, hints"),
        _call(FRUGAL, "the same, coarser"),
    ),
    VOXCELEB2,
    "BPP over 256×256×25, the first picture (identity image, key frame) left out. " + _DIFFERENT,
)  # fmt: skip

UPSAMPLER_4 = PaperTable(
    "upsampler4",
    "Hegde et al., Table 4: against audio-driven animation and re-enactment",
    ("Method",),
    (
        Column("PSNR ↑", "psnr_db"), Column("SSIM ↑", "ssim"), Column("FID ↓", None),
        Column("LMD ↓", "landmark_distance", 3), Column("LSE-D ↓", "sync_distance"),
        Column("Yaw ↓", "yaw_error_degrees"), Column("Pitch ↓", "pitch_error_degrees"),
        Column("Roll ↓", "roll_error_degrees"),
        Column("MAE ↓", "head_pose_error_degrees"),
    ),
    (
        ("Wav2Lip", "14.18", "0.32", "8.15", "4.320", "9.19", "24.68", "38.31", "28.94", "30.64"),
        ("MakeItTalk", "18.88", "0.49", "31.19", "2.012", "11.91", "26.29", "40.13", "31.42", "32.61"),
        ("FOMM", "20.14", "0.56", "21.18", "0.864", "14.03", "19.14", "30.57", "22.76", "24.35"),
        ("PC-AVS", "15.68", "0.37", "33.38", "1.063", "8.42", "22.27", "31.89", "25.80", "26.65"),
        ("Ours (Hegde et al.)", "24.95", "0.71", "14.10", "0.196", "13.91", "13.55", "21.01", "15.48", "16.68"),
    ),
    (
        OwnRow(("first picture repeated",), StillPoint()),
        OwnRow(("callcodec compact, raw 25 FPS",), _RAW),
        _call(PHONE, "callcodec compact, coded 5 FPS, hints"),
    ),
    VOXCELEB2,
    _DIFFERENT,
)  # fmt: skip
