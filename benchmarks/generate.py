"""Make film graphs of any size, for benchmarks: the same size and seed give the same bytes.

    python benchmarks/generate.py FILMS OUT.nt
    python benchmarks/generate.py FILMS OUT.ttl --seed 7

A made graph looks like a real one to an engine: about 69 triples a film; five uses a film, spread over 300 techniques
by Zipf's law, at the bottom of a hierarchy of three levels under the seven categories; a scene for each use; crew and
critics who work on several films; reviews with accepted claims, their passages, and comparisons with other films. It
passes the shapes. With ``--joining`` it leaves out what the bundled graph has already (categories, genres, aspects,
countries, the editors), so that the two can be put together.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

from filmgraph.namespaces import PREFIXES

SEED = 2013
TECHNIQUES = 300
USES = 5
FIRST_YEAR, LAST_YEAR = 1925, 2024

CATEGORIES = {
    "animation-and-effects": "Animation & effects",
    "cinematography": "Cinematography",
    "editing": "Editing",
    "mise-en-scene": "Mise-en-scène",
    "narrative": "Narrative",
    "performance": "Performance",
    "sound": "Sound",
}
GENRES = ("action", "comedy", "crime", "documentary", "drama", "fantasy", "horror", "romance", "thriller", "western")
COUNTRIES = ("france", "germany", "india", "italy", "japan", "south-korea", "united-kingdom", "united-states")
ASPECTS = ("atmosphere", "characters", "ending", "film-as-a-whole", "story", "themes")
STANCES = ("fg:Praise", "fg:Praise", "fg:Praise", "fg:Observation", "fg:Mixed", "fg:Criticism")
EDITORS = "organization:filmgraph-editors"

FIRST_NAMES = ("Ada", "Bela", "Chidi", "Dora", "Emil", "Farah", "Goran", "Hanna", "Ivo", "Jun", "Kira", "Lars", "Mina")
LAST_NAMES = ("Abara", "Brandt", "Castel", "Duval", "Eriksen", "Fontane", "Greco", "Hara", "Ivanov", "Jansen")
ADJECTIVES = ("Amber", "Broken", "Distant", "Empty", "Golden", "Hidden", "Iron", "Last", "Pale", "Quiet", "Second")
NOUNS = (
    "Bridge",
    "City",
    "Door",
    "Field",
    "Garden",
    "Harbor",
    "Island",
    "Letter",
    "Mirror",
    "Night",
    "Orchard",
    "Road",
)
DOINGS = ("a long hallway", "a crowded square", "an empty station", "a kitchen at dawn", "a rooftop", "a stalled car")
MANNERS = ("slowly", "without a word", "at a distance", "against the music", "in a single movement", "out of order")
EFFECTS = ("patience", "unease", "tenderness", "suspicion", "relief", "distance", "a sense of lost time")

Subject = tuple[str, list[tuple[str, str]]]
"""A subject with its predicates and objects, written as in Turtle (a type's predicate is ``a``)."""


def uses_of(films: int, *, seed: int = SEED) -> Iterator[tuple[int, ...]]:
    """Yield for each film the numbers of the techniques that it uses, by Zipf's law: technique 0 is the commonest."""
    chance = random.Random(seed)
    weights = list(accumulate(1 / rank for rank in range(1, TECHNIQUES + 1)))
    places = range(TECHNIQUES)
    for _ in range(films):
        chosen: dict[int, None] = {}
        while len(chosen) < USES:
            chosen.update(dict.fromkeys(chance.choices(places, cum_weights=weights, k=USES)))
        yield tuple(chosen)[:USES]


def technique_links() -> list[tuple[str, str]]:
    """Return the ``skos:broader`` links between techniques as (narrower, broader) slugs, categories left out."""
    links = [(_leaf(number), _family(number % 60)) for number in range(TECHNIQUES)]
    return links + [(_family(number), _craft(number % 21)) for number in range(60)]


def use_pairs(films: int, *, seed: int = SEED) -> list[tuple[str, str]]:
    """Return the uses as (film, technique) slugs, the ones that :func:`film_graph` writes out."""
    return [
        (slug, _leaf(technique))
        for slug, techniques in zip(film_slugs(films, seed=seed), uses_of(films, seed=seed), strict=True)
        for technique in techniques
    ]


def film_graph(films: int, *, seed: int = SEED, joining: bool = False) -> Iterator[Subject]:
    """Yield the subjects of a film graph: the vocabulary, people, then film by film."""
    if not joining:
        yield from _common()
    yield from technique_subjects()
    yield from people(films)
    for subjects in films_one_by_one(films, seed=seed):
        yield from subjects


def films_one_by_one(films: int, *, seed: int = SEED) -> Iterator[list[Subject]]:
    """Yield for each film the subjects that belong to it: film, uses, scenes, reviews, claims and passages."""
    chance = random.Random(seed + 1)
    slugs = film_slugs(films, seed=seed)
    for number, techniques in enumerate(uses_of(films, seed=seed)):
        slug = slugs[number]
        subjects = [_film(number, slug, films, chance)]
        for technique in techniques:
            subjects += _use(slug, technique, chance)
        if chance.random() < 0.6:
            subjects += _review(slug, techniques, slugs, chance)
        yield subjects


def people(films: int) -> Iterator[Subject]:
    """Yield the people of a film graph, critics among them, and a publication."""
    for role, count in _pools(films).items():
        for number in range(count):
            class_ = "fg:Critic" if role == "critic" else "schema:Person"
            yield f"person:{person_slug(role, number)}", [("a", class_), ("schema:name", f'"{_name(role, number)}"')]
    yield "organization:made-review", [("a", "fg:Publication"), ("schema:name", '"The Made Review"')]


def write_graph(
    file: Path, films: int, *, seed: int = SEED, joining: bool = False, subjects: Iterable[Subject] | None = None
) -> int:
    """Write a film graph, or the given subjects of one, as N-Triples or Turtle by the file's ending.

    Returns the number of triples.
    """
    text = to_ntriples if file.suffix == ".nt" else to_turtle
    count = 0
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        if file.suffix != ".nt":
            stream.writelines(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in sorted(PREFIXES.items()))
        for subject in film_graph(films, seed=seed, joining=joining) if subjects is None else subjects:
            stream.write(text(subject))
            count += len(subject[1])
    return count


def to_turtle(subject: Subject) -> str:
    """Return a subject as Turtle, without the prefixes.

    >>> to_turtle(("film:x-1999", [("a", "fg:Film"), ("fg:releaseYear", "1999")]))
    '\\nfilm:x-1999 a fg:Film ;\\n    fg:releaseYear 1999 .\\n'
    """
    name, properties = subject
    return f"\n{name} " + " ;\n    ".join(f"{predicate} {value}" for predicate, value in properties) + " .\n"


def to_ntriples(subject: Subject) -> str:
    """Return a subject as N-Triples.

    >>> to_ntriples(("film:x-1999", [("a", "fg:Film")])).split()[1]
    '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>'
    """
    name = _full(subject[0])
    return "".join(f"{name} {_full(predicate)} {_full(value)} .\n" for predicate, value in subject[1])


def _full(term: str) -> str:
    if term == "a":
        return f"<{PREFIXES['rdf']}type>"
    if term[0] == '"':
        text, typed, datatype = term.rpartition("^^")
        return f"{text}^^{_full(datatype)}" if typed else term
    if term in ("true", "false"):
        return f'"{term}"^^<{PREFIXES["xsd"]}boolean>'
    if term.isdecimal():
        return f'"{term}"^^<{PREFIXES["xsd"]}integer>'
    prefix, _, local = term.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


def _leaf(number: int) -> str:
    return f"made-technique-{number}"


def _family(number: int) -> str:
    return f"made-family-{number}"


def _craft(number: int) -> str:
    return f"made-craft-{number}"


def _pools(films: int) -> dict[str, int]:
    """Return how many people there are for each role: fewer than films, so that they meet in several."""
    shares = {"director": 6, "cinematographer": 9, "editor": 9, "composer": 11, "designer": 11, "critic": 40}
    return {role: films // share + 1 for role, share in shares.items()}


def person_slug(role: str, number: int) -> str:
    """Return the slug of a person: the n-th who has a role."""
    return _name(role, number).lower().replace(" ", "-")


def _name(role: str, number: int) -> str:
    return f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number % len(LAST_NAMES)]} {role.title()} {number}"


def film_slugs(films: int, *, seed: int = SEED) -> list[str]:
    """Return the slugs of the films, in order."""
    chance = random.Random(seed + 2)
    years = chance.choices(range(FIRST_YEAR, LAST_YEAR + 1), k=films)
    return [f"{_title(number).lower().replace(' ', '-')}-{year}" for number, year in enumerate(years)]


def _title(number: int) -> str:
    return f"{ADJECTIVES[number % len(ADJECTIVES)]} {NOUNS[number % len(NOUNS)]} {number}"


def _someone(role: str, films: int, chance: random.Random) -> str:
    """Return someone with a role: some work much more than others."""
    pool = _pools(films)[role]
    return f"person:{person_slug(role, int(pool * chance.random() ** 2))}"


def _film(number: int, slug: str, films: int, chance: random.Random) -> Subject:
    genres = sorted(set(chance.choices(GENRES, k=2)))
    return f"film:{slug}", [
        ("a", "fg:Film"),
        ("schema:name", f'"{_title(number)}"'),
        ("fg:releaseYear", slug[-4:]),
        ("fg:runtimeMinutes", str(chance.randint(62, 190))),
        (
            "schema:abstract",
            f'"Someone comes to {chance.choice(DOINGS)} and stays {chance.choice(MANNERS)}, until an old promise has '
            f'to be kept and what looked like {chance.choice(EFFECTS)} turns out to be {chance.choice(EFFECTS)}."@en',
        ),
        ("schema:director", _someone("director", films, chance)),
        ("fg:cinematographer", _someone("cinematographer", films, chance)),
        ("fg:filmEditor", _someone("editor", films, chance)),
        ("schema:musicBy", _someone("composer", films, chance)),
        ("fg:productionDesigner", _someone("designer", films, chance)),
        *(("schema:genre", f"genre:{genre}") for genre in genres),
        ("schema:countryOfOrigin", f"country:{chance.choice(COUNTRIES)}"),
        ("fg:imdbId", f'"tt{90_000_000 + number}"'),
    ]


def _use(slug: str, technique: int, chance: random.Random) -> list[Subject]:
    name = f"{slug}--{_leaf(technique)}"
    spoils = [("fg:spoiler", "true")] if chance.random() < 0.05 else []
    return [
        (
            f"use:{name}",
            [
                ("a", "fg:TechniqueUse"),
                ("fg:film", f"film:{slug}"),
                ("fg:technique", f"technique:{_leaf(technique)}"),
                (
                    "fg:explanation",
                    f'"The film comes back to it {chance.choice(MANNERS)}, above all in {chance.choice(DOINGS)}, where '
                    f"it makes {chance.choice(EFFECTS)} out of what the story leaves unsaid between two people; each "
                    f'return is shorter than the last one, and by the end it stands for {chance.choice(EFFECTS)}."@en',
                ),
                ("fg:scene", f"scene:{name}--1"),
                ("prov:wasAttributedTo", EDITORS),
            ],
        ),
        (
            f"scene:{name}--1",
            [
                ("a", "fg:SceneExample"),
                (
                    "schema:description",
                    f'"Two people cross {chance.choice(DOINGS)} {chance.choice(MANNERS)} and part."@en',
                ),
                *spoils,
            ],
        ),
    ]


def _review(slug: str, techniques: tuple[int, ...], slugs: list[str], chance: random.Random) -> list[Subject]:
    critic = _someone("critic", len(slugs), chance)
    name = f"{slug}--{critic.removeprefix('person:')}"
    subjects: list[Subject] = [
        (
            f"review:{name}",
            [
                ("a", "fg:Review"),
                ("schema:itemReviewed", f"film:{slug}"),
                ("schema:author", critic),
                ("schema:publisher", "organization:made-review"),
                ("schema:datePublished", f'"{slug[-4:]}-{chance.randint(1, 12):02}-15"^^xsd:date'),
                ("fg:textSha256", f'"{_hash(name)}"'),
            ],
        )
    ]
    start = 0
    for number in range(1, 2 if chance.random() < 0.75 else 3):
        start += chance.randint(20, 200)
        end = start + chance.randint(30, 90)
        subjects += _claim(name, slug, number, techniques, slugs, (start, end), chance)
        start = end
    return subjects


def _claim(
    review: str,
    slug: str,
    number: int,
    techniques: tuple[int, ...],
    slugs: list[str],
    place: tuple[int, int],
    chance: random.Random,
) -> list[Subject]:
    name = f"{review}--{number}"
    if chance.random() < 0.7:
        about = ("fg:aboutTechnique", f"technique:{_leaf(chance.choice(techniques))}")
    else:
        about = ("fg:aboutAspect", f"aspect:{chance.choice(ASPECTS)}")
    other = chance.choice(slugs)
    compares = [("fg:comparesTo", f"film:{other}")] if other != slug and chance.random() < 0.25 else []
    statement = f'"The critic finds {chance.choice(EFFECTS)} in the way it is done {chance.choice(MANNERS)}."@en'
    return [
        (
            f"claim:{name}",
            [
                ("a", "fg:ReviewClaim"),
                ("fg:claimedIn", f"review:{review}"),
                ("fg:aboutFilm", f"film:{slug}"),
                about,
                ("fg:stance", chance.choice(STANCES)),
                ("fg:statement", statement),
                *compares,
                ("fg:status", "fg:Accepted"),
                ("fg:evidence", f"passage:{name}"),
            ],
        ),
        (
            f"passage:{name}",
            [
                ("a", "fg:Passage"),
                ("oa:hasSource", f"review:{review}"),
                ("oa:start", str(place[0])),
                ("oa:end", str(place[1])),
                ("fg:exactSha256", f'"{_hash(name)}"'),
            ],
        ),
    ]


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def technique_subjects() -> Iterator[Subject]:
    """Yield the techniques, each under a broader one or a category."""
    categories = tuple(CATEGORIES)
    for number in range(21):
        yield _concept("technique", _craft(number), "fg:Technique", f"category:{categories[number % 7]}")
    for narrow, broad in technique_links():
        yield _concept("technique", narrow, "fg:Technique", f"technique:{broad}")


def _common() -> Iterator[Subject]:
    """Yield what the bundled graph has under the same addresses, in few words."""
    for category, label in CATEGORIES.items():
        yield _concept("category", category, "fg:Category", label=label)
    for genre in GENRES:
        yield _concept("genre", genre, "fg:Genre")
    for aspect in ASPECTS:
        yield _concept("aspect", aspect, "fg:Aspect")
    for country in COUNTRIES:
        name = country.replace("-", " ").title()
        yield f"country:{country}", [("a", "schema:Country"), ("schema:name", f'"{name}"')]
    yield EDITORS, [("a", "schema:Organization"), ("schema:name", '"filmgraph editors"')]


def _concept(kind: str, slug: str, class_: str, broader: str = "", *, label: str = "") -> Subject:
    label = label or slug.replace("-", " ").capitalize()
    return f"{kind}:{slug}", [
        ("a", class_),
        ("skos:prefLabel", f'"{label}"@en'),
        ("skos:definition", f'"What a benchmark takes {label.lower()} to be."@en'),
        *([("skos:broader", broader)] if broader else []),
        *([("skos:inScheme", "fg:techniques")] if kind == "technique" else []),
    ]


def main() -> None:
    """Write a film graph, as the arguments say."""
    parser = argparse.ArgumentParser(description="Make a film graph of any size, for benchmarks.")
    parser.add_argument("films", type=int, help="how many films")
    parser.add_argument("file", type=Path, help="the file to write: .nt or .ttl")
    parser.add_argument("--seed", type=int, default=SEED, help="another number makes another graph")
    parser.add_argument("--joining", action="store_true", help="leave out what the bundled graph has already")
    given = parser.parse_args()
    if given.films < 1 or given.file.suffix not in (".nt", ".ttl"):
        parser.error("give one film or more, and a file that ends in .nt or .ttl")
    triples = write_graph(given.file, given.films, seed=given.seed, joining=given.joining)
    print(f"{triples:,} triples, {triples / given.films:.1f} a film")


if __name__ == "__main__":
    main()
