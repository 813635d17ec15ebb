"""bundle: what the pages draw of a plan set, prepared once. Removable and rebuildable."""

from planbank.services.bundle.run import bundle, bundle_lane

__all__ = ["bundle", "bundle_lane"]
