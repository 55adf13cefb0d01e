"""The texts of what is asked of an endpoint for paths."""

from __future__ import annotations

from collections.abc import Iterable

from filmgraph.lookup import values_of
from filmgraph.namespaces import FG, ROLES, SCHEMA

__all__ = ["GENRE", "HAS", "SIGNED_BY", "all_about", "praised_of", "shared", "those_with"]

GENRE = SCHEMA + "genre"
HAS = " ".join(f"<{predicate}>" for predicate in (*ROLES, GENRE))
"""The predicates by which a film has people and genres, as they stand in VALUES."""

SIGNED_BY = (SCHEMA + "author", SCHEMA + "publisher")
"""The predicates by which a review names who speaks in it, the first that it has."""

_ACCEPTED = f"<{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r"
_USED = f"?u <{FG}technique> ?n ; <{FG}film> ?f"


def shared(one: str, two: str, rows: str) -> str:
    """Return the pattern of films that have both of two things, techniques or people."""
    first, second = (_HAVING[kind].format(number=number) for number, kind in enumerate((one, two)))
    return f"VALUES (?i ?n0 ?n1) {{ {rows} }} {first} {second} FILTER(isIRI(?f))"


_HAVING = {
    "technique": f"?u{{number}} <{FG}technique> ?n{{number}} ; <{FG}film> ?f .",
    "person": f"VALUES ?p{{number}} {{{{ {HAS} }}}} ?f ?p{{number}} ?n{{number}} ; a <{FG}Film> .",
}


def those_with(columns: str, nodes: Iterable[str]) -> str:
    """Return the query for the films that use techniques, credit people or are of genres."""
    named = f"VALUES ?n {{ {values_of(nodes)} }}"
    return (
        f"SELECT {columns} WHERE {{ {{ {named} {_USED} FILTER(isIRI(?f)) }} UNION "
        f"{{ {named} VALUES ?p {{ {HAS} }} ?f ?p ?n . ?f a <{FG}Film> FILTER(isIRI(?f)) }} }}"
    )


def praised_of(named: str) -> str:
    """Return the query for how many films some critic praises for techniques, and neither faults nor judges both ways.

    As in :mod:`filmgraph.voices`: who speaks is the critic, else the publication, else the review itself.
    """
    return (
        "SELECT ?t (COUNT(DISTINCT ?f) AS ?n) WHERE { { SELECT ?t ?f ?v WHERE { "
        f"VALUES ?t {{ {named} }} ?c <{FG}aboutTechnique> ?t ; <{FG}aboutFilm> ?f ; {_ACCEPTED} ; <{FG}stance> ?s . "
        f"VALUES (?s ?x) {{ (<{FG}Praise> 0) (<{FG}Criticism> 1) (<{FG}Mixed> 1) }} "
        f"OPTIONAL {{ ?r <{SIGNED_BY[0]}> ?a }} OPTIONAL {{ ?r <{SIGNED_BY[1]}> ?b }} "
        "BIND(COALESCE(?a, ?b, ?r) AS ?v) } GROUP BY ?t ?f ?v HAVING (MAX(?x) = 0) } } GROUP BY ?t"
    )


def all_about(named: str) -> str:
    """Return the query for all that paths need of films: each row has one of it, the other columns are empty."""
    films = f"VALUES ?f {{ {named} }}"
    return (
        "SELECT ?f ?u ?t ?p ?o ?c ?r ?a ?s ?g ?h WHERE { "
        f"{{ {films} ?u <{FG}film> ?f ; <{FG}technique> ?t FILTER(isIRI(?u) && isIRI(?t)) }} UNION "
        f"{{ {films} VALUES ?p {{ {HAS} }} ?f a <{FG}Film> ; ?p ?o FILTER(isIRI(?o)) }} UNION "
        f"{{ {films} ?c <{FG}aboutFilm> ?f ; {_ACCEPTED} ; <{FG}aboutTechnique> ?a ; <{FG}stance> ?s }} UNION "
        f"{{ {films} ?c <{FG}aboutFilm> ?f ; {_ACCEPTED} ; <{FG}comparesTo> ?g "
        "FILTER(isIRI(?c) && isIRI(?r) && isIRI(?g) && ?f != ?g) } UNION "
        f"{{ {films} ?c <{FG}comparesTo> ?f ; {_ACCEPTED} ; <{FG}aboutFilm> ?h "
        "FILTER(isIRI(?c) && isIRI(?r) && isIRI(?h) && ?f != ?h) } }"
    )
