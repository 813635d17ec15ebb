"""Ways into the bank besides DICOM.

Comes in: nothing. Goes out: what a parcel's header says in place of an address.
"""

UPLOAD = "upload"
"""Where files of the site's upload form come from. No gate writes it: an address there is an IP address."""
