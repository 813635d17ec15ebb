"""Reuse: asked by a project, decided by the controller of the protocol, recorded as a disclosure."""
