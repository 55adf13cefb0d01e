"""Films alike by the techniques they use."""

from filmgraph.similarity.index import MEASURES, Alike, SharedCraft, SimilarityIndex, best_places

__all__ = ["MEASURES", "Alike", "SharedCraft", "SimilarityIndex", "best_places"]
