"""What every list of the site shares: filters, place, CSV, and DICOM's values in words."""
