"""`python -m planbank`: the same as the command `planbank`."""

from planbank.cli import main

main()
