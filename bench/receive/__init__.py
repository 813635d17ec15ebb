"""What receiving costs: planbank's gate beside other receivers, in one run (receive.md, Targets).

python -m bench.receive [--patients 4] [--slices 96] [--associations 1 2 4 8] [--only planbank Orthanc]
"""
