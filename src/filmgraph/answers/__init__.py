"""Questions of the library on a large store: their dear part is counted on arrays, and the rest is asked as it stands.

What a question costs on a large store lies in one part of it: a sub-query that counts over all films, or one that the
engine evaluates without a look at the one film that is asked for. That part is replaced by what it comes to, written as
VALUES. Columns, labels, roundings and order stay those of the library's text, which stays the definition.
"""

from filmgraph.answers.asked import Shorter
from filmgraph.answers.ordering import in_order, order_of
from filmgraph.answers.questions import SHORTENED, TEXTS, answer, digest_of, shortened

__all__ = ["SHORTENED", "TEXTS", "Shorter", "answer", "digest_of", "in_order", "order_of", "shortened"]
