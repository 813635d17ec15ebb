"""Run by dicompyler-core's own Python: DVHs of cases, or the time for all ROIs of one structure set.

Comes in: on standard input a JSON list of folders with RS.dcm and RD.dcm, or ['time', RS, RD]. Goes out:
on standard output a JSON list of what was found (cc, Gy; null for what failed), or CPU seconds and MB.
"""

import json
import sys
import time
import warnings
from pathlib import Path

from dicompylercore import dicomparser, dvhcalc


def of_case(folder):
    try:
        found = dvhcalc.get_dvh(folder + "/RS.dcm", folder + "/RD.dcm", 1)
        out = {"volume_cc": float(found.volume), "Dmean": float(found.mean)}
        for metric in ("D95%", "D50%", "D1cc", "D0.03cc"):
            out[metric] = float(found.statistic(metric.rstrip("%")).value)
        return out if out["volume_cc"] > 0 else {}
    except Exception:  # a case it cannot do is a failed case
        return {}


def timed(structure_set, dose):
    start = time.process_time()
    structures = dicomparser.DicomParser(structure_set).GetStructures()
    for number in structures:
        dvhcalc.get_dvh(structure_set, dose, number, use_structure_extents=True)
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    return [time.process_time() - start, peak]


warnings.simplefilter("ignore")
asked = json.load(sys.stdin)
answer = timed(*asked[1:]) if asked and asked[0] == "time" else [of_case(folder) for folder in asked]
json.dump(answer, sys.stdout)
