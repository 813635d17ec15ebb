"""What a protocol rests on: its agreements and contacts, and what is missing before it is active."""
