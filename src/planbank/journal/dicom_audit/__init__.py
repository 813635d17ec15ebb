"""The journal as DICOM audit messages (PS3.15 Annex A.5), over syslog or into a file."""
