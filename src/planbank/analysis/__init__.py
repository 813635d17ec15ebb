"""Which plan, or which plans together, speak for a patient in a protocol's tables (R159)."""
