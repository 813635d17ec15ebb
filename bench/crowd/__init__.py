"""People at once, over HTTP, while the bank receives by DICOM.

python -m bench.crowd HOME [--people 20] [--seconds 120] [--patients 5]

HOME is one that `bench.nation` made. `planbank up` runs it on free ports. Each person opens a page,
reads for a few seconds, opens the next: lists, searches, single plans. Meanwhile synthetic patients
are sent to the gate, one after the other. The table has, for each kind of page, how
often it was opened, the median and the p95 of its first and of its last byte (ui.md, check 16: 300 ms).
"""
