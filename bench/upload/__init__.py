"""What an upload costs the page it is made on, and the bank.

Two thousand files are chosen as one folder in headless Chromium, in a bank of their own that is at rest:
the longest task of the page (ui.md, check 12: none above 200 ms), how fast files are taken, and how long
until the last is filed.
"""
