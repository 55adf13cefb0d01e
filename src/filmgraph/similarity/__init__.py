"""Films alike by the techniques they use."""

from filmgraph.similarity.index import MEASURES, Alike, SharedCraft, Similarity, SimilarityIndex, best_places

__all__ = ["MEASURES", "Alike", "SharedCraft", "Similarity", "SimilarityIndex", "best_places"]
