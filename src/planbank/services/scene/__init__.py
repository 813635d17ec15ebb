"""scene: what the viewer opens of a plan set, prepared once. Removable and rebuildable (R97, R98)."""

from planbank.services.scene.run import DESCRIPTION, ask, is_whole, scene, scene_lane

__all__ = ["DESCRIPTION", "ask", "is_whole", "scene", "scene_lane"]
