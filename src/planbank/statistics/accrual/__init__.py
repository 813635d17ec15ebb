"""How the bank has grown: patients by first treatment date (R125 to R127)."""
