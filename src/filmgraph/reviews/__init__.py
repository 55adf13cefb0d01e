"""Reviews: what critics wrote, read into candidate claims, and the claims that a person accepts of them."""

from filmgraph.reviews.curation import Curated, curate
from filmgraph.reviews.decisions import decide
from filmgraph.reviews.desk import Decision, Desk, accept, correct, reject
from filmgraph.reviews.importing import extract_claims, import_reviews
from filmgraph.reviews.results import ExtractedClaims, ImportedReviews

__all__ = [
    "Curated",
    "Decision",
    "Desk",
    "ExtractedClaims",
    "ImportedReviews",
    "accept",
    "correct",
    "curate",
    "decide",
    "extract_claims",
    "import_reviews",
    "reject",
]
