"""Who is who among the signatures of a file: one person spelled in several ways, and several who share a name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from filmgraph.errors import DataError
from filmgraph.namespaces import iri, shorten, slug_of
from filmgraph.reviews.known import KnownNames
from filmgraph.reviews.signatures import bare_name, clean_name, critic_key, flipped, name_slug, publication_key
from filmgraph.reviews.spool import Spool
from filmgraph.tables import read_table

__all__ = ["Authority", "Roster", "critics_of", "near_spellings", "publications_of"]

_SLUG = re.compile(r"(?:person:)?(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*(?:--[0-9]+)?)")
_BY_SLUG = "="
_NEAR = 90.0
_MOST_COMPARED = 3_000


class Authority:
    """A table that says which critic a spelling means, at one publication or anywhere.

    ``names`` are the names that it gives, by their keys.
    Its columns are name, publication (empty for anywhere) and critic: a slug such as ``jane-example--2``, or a name
    under which several spellings are one. Raises :class:`~filmgraph.errors.DataError` for a table that is none.
    """

    def __init__(self, file: str | os.PathLike[str] | None = None) -> None:
        self._target: dict[tuple[str, str], str] = {}
        self.names: dict[str, str] = {}
        if file is None:
            return
        table = read_table(file, required=("name", "critic"), optional=("publication",), strict=False)
        for row in table.rows:
            name, house, critic = (clean_name(row[column]) for column in ("name", "publication", "critic"))
            if not name or not critic:
                what = "critic" if name else "name"
                raise DataError(f"row {row.number}: {what} is empty: say whom a spelling means", file=table.file)
            slug = _SLUG.fullmatch(critic)
            target = _BY_SLUG + slug["slug"] if slug else critic_key(critic)
            if not slug:
                self.names.setdefault(target, critic)
            key = (critic_key(name), publication_key(house) if house else "")
            if self._target.setdefault(key, target) != target:
                raise DataError(
                    f"row {row.number}: {name!r} is said to be two critics: keep one row, or name the publications",
                    file=table.file,
                )

    def key(self, critic: str, house: str) -> str:
        """Return the key of the critic whom a signature's key means at a publication."""
        if not self._target:
            return critic
        return self._target.get((critic, house)) or self._target.get((critic, "")) or critic


@dataclass
class Roster:
    """The people, or publications, that the names of a file mean: key to IRI, IRI to name.

    ``new`` are those that nobody knew; ``respelled`` counts those that are spelled in more ways than one, ``apart``
    those that share their name with somebody who is no critic, and ``unclear`` the names that several known critics
    bear.
    """

    of_key: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    respelled: list[tuple[str, ...]] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)


def critics_of(spool: Spool, known: KnownNames, authority: Authority) -> Roster:
    """Return the critics of a file: those who are known by name, and addresses for those who are new.

    A name that the authority gives goes before the most frequent spelling.
    """
    by_key = {key: list(spellings) for key, spellings in _grouped(spool, "critic")}
    roster = Roster()
    # Whoever was named by address comes first, so that the others find these addresses taken or theirs.
    for key in sorted(by_key, key=lambda key: (not key.startswith(_BY_SLUG), key)):
        spellings = by_key[key]
        if key.startswith(_BY_SLUG):
            person = iri("person", key.removeprefix(_BY_SLUG))
            roster.of_key[key] = person
            if person in known.names:
                roster.names[person] = known.names[person]
            else:
                name = known.others.get(person) or bare_name(spellings[0])
                roster.names[person] = roster.new[person] = name
        else:
            turned = flipped(spellings[0])
            other = critic_key(turned) if turned else ""
            if other and (other in by_key or other in known.of_key):
                continue
            _enlist(roster, known, key, authority.names.get(key) or bare_name(spellings[0]), "person")
        if len(spellings) > 1:
            roster.respelled.append(tuple(spellings))
    for key, spellings in by_key.items():
        if key not in roster.of_key:  # Last, First: known by now the other way round
            roster.of_key[key] = _known(roster, known, critic_key(flipped(spellings[0]) or spellings[0]))
            roster.respelled.append((roster.names[roster.of_key[key]], *spellings))
    return roster


def publications_of(spool: Spool, known: KnownNames) -> Roster:
    """Return the publications of a file, as :func:`critics_of` does the critics."""
    roster = Roster()
    for key, spellings in _grouped(spool, "house"):
        _enlist(roster, known, key, spellings[0], "organization")
        if len(spellings) > 1:
            roster.respelled.append(tuple(spellings))
    return roster


def _grouped(spool: Spool, what: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each key with its spellings, the name first."""
    key, spellings = "", list[str]()
    for each, spelling, _many in spool.spellings(what):
        if each != key:
            if spellings:
                yield key, spellings
            key, spellings = each, []
        spellings.append(spelling)
    if spellings:
        yield key, spellings


def _known(roster: Roster, known: KnownNames, key: str) -> str:
    if key not in roster.of_key:
        resource = known.of_key[key][0]
        roster.of_key[key] = resource
        roster.names[resource] = known.names[resource]
    return roster.of_key[key]


def _enlist(roster: Roster, known: KnownNames, key: str, name: str, kind: str) -> None:
    bearers = known.of_key.get(key, [])
    if bearers:
        if len(bearers) > 1:
            roster.unclear.append(f"{name} ({', '.join(map(slug_of, bearers))})")
        _known(roster, known, key)
        return
    slug = name_slug(name)
    resource, number = iri(kind, slug), 1
    if resource in roster.new and key == critic_key(roster.new[resource]) and kind == "person":
        roster.of_key[key] = resource  # the same name, and the authority gave it this address
        return
    while resource in known.taken or resource in roster.names:
        number += 1
        resource = iri(kind, f"{slug}--{number}")
    if number > 1:
        roster.apart.append(f"{name} ({shorten(resource)})")
    roster.of_key[key] = resource
    roster.names[resource] = roster.new[resource] = name


def near_spellings(spool: Spool, roster: Roster) -> list[tuple[str, str]]:
    """Return pairs of critics of one publication whose names are nearly the same, by name: perhaps one critic each."""
    from rapidfuzz import fuzz, process

    found: set[tuple[str, str]] = set()
    house, people = "", list[str]()
    for each, critic in chain(spool.houses(), [("", "")]):
        if each != house:
            if 1 < len(people) <= _MOST_COMPARED:
                names = sorted({roster.names[roster.of_key[key]] for key in people})
                for place, name in enumerate(names):
                    rest = names[place + 1 :]
                    near = process.extract(name, rest, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=None)
                    found.update((name, other) for other, _score, _place in near)
            house, people = each, []
        people.append(critic)
    return sorted(found)
