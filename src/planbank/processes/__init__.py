"""What runs: gate, web, work, clock, and `up`, which starts and keeps them all."""
