"""A bank of national size in minutes, for benches and load tests: invented rows, no archive behind them.

python -m bench.nation HOME [--patients 15000] [--seed 2023] [--real 1]

Tables are filled in the order of `tables.FILLERS`, one small file each, by SQL on top of the rows
the fillers before them left in the schema `nation`; that schema goes when all are done. The same
seed and size make the same rows, but for the moment at which "now" is.
"""
