"""Films that people add: a skeleton file for one, and a spreadsheet of many, turned into canonical Turtle.

What is written has passed the rules before, all files of one call are written or none, and nothing that was there is
lost.
"""

from filmgraph.authoring.facts import Fact, FactsTable
from filmgraph.authoring.importing import BadRow, Imported, import_table
from filmgraph.authoring.skeleton import Skeleton, new_film

__all__ = ["BadRow", "Fact", "FactsTable", "Imported", "Skeleton", "import_table", "new_film"]
