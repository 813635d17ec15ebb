"""Statistics of a protocol: any metric of any structure type, its table, CSV and DVHs."""
