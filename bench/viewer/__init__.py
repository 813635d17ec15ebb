"""What the viewer costs on a plan of clinical size, in headless Chromium (ui.md, Viewer, Budgets).

`python -m bench.viewer` starts a bank with a fresh demonstration in a temporary home, sends it one synthetic
plan of 180 slices of 512 x 512, a dose of 200 x 180 x 130 and 35 structures (planbank.demo), opens it five
times, and prints one table: what was measured beside its budget. `--home` keeps the bank for the next run.
"""
