"""What each organ and target is called in four clinics' manners, its DICOM type and its colour.

Comes in: a key such as `parotid_r` and a manner. Goes out: an ROI name, interpreted type and RGB colour.
The manners: `danish` and `spelled` (Danish, with letters outside ASCII), `english`, and `tg263`
(the standard names of AAPM TG-263).
"""

from __future__ import annotations

import colorsys
from typing import Literal

Manner = Literal["danish", "spelled", "english", "tg263"]
MANNERS: tuple[Manner, ...] = ("danish", "spelled", "english", "tg263")

_BODY = "#5fd35f"
# fmt: off
# key: (danish, spelled, english, tg263, colour)
ORGANS: dict[str, tuple[str, str, str, str, str]] = {
    "body": ("Opstregning", "Ydre kontur", "Body", "BODY", _BODY),
    "spinal_cord": ("Medulla", "Rygmarv", "Spinal cord", "SpinalCord", "#ffff00"),
    "spinal_canal": ("Canalis", "Rygmarvskanal", "Spinal canal", "SpinalCanal", "#d8c840"),
    "prv_cord": ("PRV_Medulla", "Rygmarv +5 mm", "Spinal cord PRV", "SpinalCord_PRV05", "#c8a000"),
    "brainstem": ("Hjernestamme", "Hjernestamme", "Brainstem", "Brainstem", "#00c8ff"),
    "prv_brainstem": ("PRV_Hjernestamme", "Hjernestamme +3 mm", "BrainstemPRV", "Brainstem_PRV03", "#0080c0"),
    "parotid_l": ("Parotis Sin", "Spytkirtel ve", "Parotid L", "Parotid_L", "#ff9a3c"),
    "parotid_r": ("Parotis Dxt", "Spytkirtel hø", "Parotid R", "Parotid_R", "#ffd27a"),
    "submandibular_l": ("Subman Sin", "Underkæbekirtel ve", "Submand gl L", "Glnd_Submand_L", "#b06cff"),
    "submandibular_r": ("Subman Dxt", "Underkæbekirtel hø", "Submand gl R", "Glnd_Submand_R", "#d8b4ff"),
    "mandible": ("Mandibula", "Underkæbe", "Mandible", "Bone_Mandible", "#e8e0c8"),
    "oral_cavity": ("Cavum oris", "Mundhule", "Oral cavity", "Cavity_Oral", "#ff7f9e"),
    "larynx": ("Larynx", "Strubehoved", "Larynx", "Larynx", "#3cd2b4"),
    "pharynx": ("Pharynx const", "Svælgmuskel", "Pharynx", "Musc_Constrict", "#8fd14f"),
    "oesophagus": ("Oesophagus", "Spiserør", "Oesophagus", "Esophagus", "#c08040"),
    "thyroid": ("Thyroidea", "Skjoldbruskkirtel", "Thyroid", "Glnd_Thyroid", "#40a0ff"),
    "carotid_l": ("A. carotis sin", "Halspulsåre ve", "Carotid L", "A_Carotid_L", "#ff4040"),
    "carotid_r": ("A. carotis dxt", "Halspulsåre hø", "Carotid R", "A_Carotid_R", "#ff8080"),
    "brain": ("Cerebrum", "Hjerne", "Brain", "Brain", "#c0a0c0"),
    "cerebellum": ("Cerebellum", "Lillehjerne", "Cerebellum", "Cerebellum", "#a0c8e0"),
    "chiasm": ("Chiasma", "Synsnervekryds", "Chiasm", "OpticChiasm", "#00ff9c"),
    "pituitary": ("Hypofyse", "Hypofyse", "Pituitary", "Pituitary", "#ffa0ff"),
    "optic_nerve_l": ("N. opticus sin", "Synsnerve ve", "Optic nerve L", "OpticNrv_L", "#2fbf71"),
    "optic_nerve_r": ("N. opticus dxt", "Synsnerve hø", "Optic nerve R", "OpticNrv_R", "#7fe0a8"),
    "eye_l": ("Øje Sin", "Øje ve", "Eye L", "Eye_L", "#5080ff"),
    "eye_r": ("Øje Dxt", "Øje hø", "Eye R", "Eye_R", "#90b0ff"),
    "lens_l": ("Linse Sin", "Linse ve", "Lens L", "Lens_L", "#ff60c0"),
    "lens_r": ("Linse Dxt", "Linse hø", "Lens R", "Lens_R", "#ffa8dc"),
    "cochlea_l": ("Cochlea Sin", "Øresnegl ve", "Cochlea L", "Cochlea_L", "#e0e040"),
    "cochlea_r": ("Cochlea Dxt", "Øresnegl hø", "Cochlea R", "Cochlea_R", "#f0f0a0"),
    "hippocampus_l": ("Hippocampus Sin", "Hippocampus ve", "Hippocampus L", "Hippocampus_L", "#ff8040"),
    "hippocampus_r": ("Hippocampus Dxt", "Hippocampus hø", "Hippocampus R", "Hippocampus_R", "#ffb890"),
    "lacrimal_gland_l": ("Gl. lacrimalis sin", "Tårekirtel ve", "Lacrimal L", "Glnd_Lacrimal_L", "#40e0e0"),
    "lacrimal_gland_r": ("Gl. lacrimalis dxt", "Tårekirtel hø", "Lacrimal R", "Glnd_Lacrimal_R", "#a0f0f0"),
    "lung_l": ("Lunge Sin", "Lunge ve", "Lung L", "Lung_L", "#40a0ff"),
    "lung_r": ("Lunge Dxt", "Lunge hø", "Lung R", "Lung_R", "#40d8c8"),
    "heart": ("Hjerte", "Hjerte", "Heart", "Heart", "#ff40e0"),
    "lad": ("LAD", "Forreste kranspulsåre", "LAD", "A_LAD", "#ffc830"),
    "left_ventricle": ("Ventrikel Sin", "Venstre hjertekammer", "Left ventricle", "Ventricle_L", "#c060a0"),
    "breast_l": ("Mamma Sin", "Bryst ve", "Breast L", "Breast_L", "#b89cff"),
    "breast_r": ("Mamma Dxt", "Bryst hø", "Breast R", "Breast_R", "#d0c0ff"),
    "liver": ("Lever", "Lever", "Liver", "Liver", "#b86830"),
    "stomach": ("Ventrikel", "Mavesæk", "Stomach", "Stomach", "#80b040"),
    "trachea": ("Trachea", "Luftrør", "Trachea", "Trachea", "#80e0ff"),
    "aorta": ("Aorta", "Aorta", "Aorta", "A_Aorta", "#e04040"),
    "humeral_head_l": ("Caput humeri sin", "Overarm ve", "Humeral head L", "Humerus_Head_L", "#e8e0c8"),
    "humeral_head_r": ("Caput humeri dxt", "Overarm hø", "Humeral head R", "Humerus_Head_R", "#d0c8a8"),
    "bladder": ("Vesica", "Blære", "Bladder", "Bladder", "#ffe040"),
    "rectum": ("Rectum", "Endetarm", "Rectum", "Rectum", "#b07040"),
    "prostate": ("Prostata", "Blærehalskirtel", "Prostate", "Prostate", "#e070b0"),
    "seminal_vesicles": ("Vesiculae sem", "Sædblærer", "Seminal vesicles", "SeminalVes", "#f0a0d0"),
    "femoral_head_l": ("Caput femoris sin", "Hoftekugle ve", "Femoral head L", "Femur_Head_L", "#60c0ff"),
    "femoral_head_r": ("Caput femoris dxt", "Hoftekugle hø", "Femoral head R", "Femur_Head_R", "#a8dcff"),
    "penile_bulb": ("Bulbus penis", "Bulbus penis", "Penile bulb", "PenileBulb", "#c8ff80"),
    "bowel_cavity": ("Tarm", "Tarmhule", "Bowel", "Bowel_Bag", "#e0a060"),
    "sigmoid": ("Sigmoideum", "Sigmoideum", "Sigmoid", "Colon_Sigmoid", "#c89050"),
    "anal_canal": ("Analkanal", "Analkanal", "Anal canal", "Canal_Anal", "#905030"),
    "urethra": ("Urethra", "Urinrør", "Urethra", "Urethra", "#f0f080"),
    "cauda": ("Cauda", "Nerverødder", "Cauda equina", "CaudaEquina", "#e8e800"),
    "markers": ("Guldkorn", "Guldkorn", "Gold seeds", "Markers", "#ffd700"),
    "couch": ("Leje", "Leje", "Couch", "CouchSurface", "#8890a0"),
    "isocentre": ("Iso", "Isocenter", "Isocentre", "Isocenter", "#ffffff"),
}

# (site, key): (danish, spelled, english, tg263, colour)
TARGETS: dict[tuple[str, str], tuple[str, str, str, str, str]] = {
    ("head-and-neck", "gtv_t"): ("GTV_T", "GTV-T", "GTV T", "GTVp", "#a01010"),
    ("head-and-neck", "gtv_n"): ("GTV_N", "GTV-N", "GTV N", "GTVn", "#c04020"),
    ("head-and-neck", "ctv_high"): ("CTV68", "CTV-T (68Gy)", "CTV 1", "CTV_High", "#ff7a1a"),
    ("head-and-neck", "ctv_mid"): ("CTV60", "CTV-60", "CTV 2", "CTV_Mid", "#ffb060"),
    ("head-and-neck", "ctv_low"): ("CTV50", "CTV-E (50Gy)", "CTV 3", "CTV_Low", "#ffe0a0"),
    ("head-and-neck", "ptv_high"): ("PTV68", "PTV-68", "PTV 1", "PTV_High", "#ff2a4f"),
    ("head-and-neck", "ptv_mid"): ("PTV60", "PTV-60", "PTV 2", "PTV_Mid", "#ff6a90"),
    ("head-and-neck", "ptv_low"): ("PTV50", "PTV-50", "PTV 3", "PTV_Low", "#ffa0c0"),
    ("breast", "ctv_bed"): ("CTVp_tumorbed", "Tumorleje", "Tumour bed", "CTVp_Bed", "#a01010"),
    ("breast", "ctv_high"): ("CTVp_breast", "CTV bryst", "CTV breast", "CTVp", "#ff7a1a"),
    ("breast", "ptv_high"): ("PTV_bryst", "PTV bryst", "PTV breast", "PTVp", "#ff2a4f"),
    ("prostate", "gtv_t"): ("GTV", "GTV (MR)", "GTV", "GTVp", "#a01010"),
    ("prostate", "ctv_high"): ("CTV78", "CTV prostata", "CTV-P", "CTV_High", "#ff7a1a"),
    ("prostate", "ctv_low"): ("CTV_ves", "CTV sædblærer", "CTV-SV", "CTV_Low", "#ffb060"),
    ("prostate", "ptv_high"): ("PTV78", "PTV 78/39", "PTV-P", "PTV_High", "#ff2a4f"),
    ("prostate", "ptv_low"): ("PTV66", "PTV 66/39", "PTV-SV", "PTV_Low", "#ff6a90"),
    ("proton", "gtv_t"): ("GTV", "GTV", "GTV", "GTVp", "#a01010"),
    ("proton", "ctv_high"): ("CTV54", "CTV 54", "CTV", "CTVp", "#ff7a1a"),
    ("proton", "ptv_high"): ("PTV54", "PTV 54", "PTV", "PTVp", "#ff2a4f"),
}

# fmt: on
_KINDS = {
    "body": "EXTERNAL",
    "couch": "SUPPORT",
    "isocentre": "ISOCENTER",
    "markers": "MARKER",
}


def roi_name(site: str, key: str, manner: Manner) -> str:
    """The name of an organ, target or ring in a manner; an unknown key is its own name."""
    row = TARGETS.get((site, key)) or ORGANS.get(key)
    return row[MANNERS.index(manner)] if row else key


def roi_kind(key: str) -> str:
    """The RT ROI Interpreted Type (PS3.3 C.8.8.8) of a key."""
    start = key.split("_")[0].upper()
    if start in {"GTV", "CTV", "PTV"}:
        return start
    if start == "PRV" or start.startswith("ZRING"):
        return "AVOIDANCE"
    return _KINDS.get(key, "ORGAN")


def roi_colour(site: str, key: str) -> list[int]:
    """Red, green, blue (0..255) of a key."""
    row = TARGETS.get((site, key)) or ORGANS.get(key)
    if row:
        return list(bytes.fromhex(row[4][1:]))
    turn = sum(key.encode()) * 0.618034 % 1
    return [round(255 * part) for part in colorsys.hsv_to_rgb(turn, 0.45, 0.9)]
