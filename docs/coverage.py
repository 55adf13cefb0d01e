"""The page that says what the graph covers and where it is thin: docs/coverage.md, written from queries.

Each number is asked of the graph by SPARQL. Only one thing is not in it, the gender of directors: it comes from the
list of those who are women, tests/data/women-directors.txt.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from filmgraph.namespaces import SPARQL_PREFIXES, iri, slug_of
from filmgraph.queries import QueryLibrary
from filmgraph.rows import Value
from filmgraph.stores import MemoryStore

__all__ = ["FICTION_WITH_SOUND", "page", "women"]

ROOT = Path(__file__).resolve().parents[1]
WOMEN = ROOT / "tests" / "data" / "women-directors.txt"
FICTION_WITH_SOUND = (
    "?x a fg:Film ; fg:releaseYear ?year . FILTER(?year >= 1930) "
    "FILTER NOT EXISTS { ?x schema:genre genre:animation } FILTER NOT EXISTS { ?x schema:genre genre:documentary }"
)
"""Films with actors before a camera, made since sound had come, as a pattern of SPARQL."""

_ROLES = {
    "director": "schema:director",
    "cinematographer": "fg:cinematographer",
    "editor": "fg:filmEditor",
    "composer": "schema:musicBy",
    "production designer": "fg:productionDesigner",
}
_FEW_IN_DECADE, _FEW_IN_COUNTRY, _FEW_IN_GENRE, _ENOUGH, _MANY = 6, 2, 6, 3, 5
_LONGEST_BAR, _LONGEST_LIST = 40, 60


def women() -> list[str]:
    """Return the slugs of directors who are women."""
    return WOMEN.read_text(encoding="utf-8").split()


def page(store: MemoryStore) -> str:
    """Return the page on the graph in a store."""
    graph = _Graph(store)
    lines = [
        "# What the graph covers, and where it is thin",
        "",
        "<!-- Written by docs/generate.py from queries to the graph: change the data, not this page. -->",
        "",
        f"{graph.count('?x a fg:Film')} films, {graph.count('?x a fg:TechniqueUse'):,} uses of "
        f"{graph.count('?x a fg:Technique')} techniques, {graph.count('?x a fg:SceneExample'):,} scenes, "
        f"{graph.count('?x a schema:Person'):,} people. Choosing films is a judgement, and this page shows it: before "
        "you say that a technique became common in some decade, look here how many films of that decade there are to "
        "find it in.",
        "",
        "[Decades](#films-by-decade) · [Countries](#films-by-country) · [Genres](#films-by-genre) · "
        "[Films by women](#films-by-women) · [Crews](#crews) · [Categories](#categories) · "
        "[Techniques](#techniques-by-number-of-films) · [Gaps](#gaps)",
    ]
    for section in (_decades, _countries, _genres, _women, _crews, _categories, _techniques, _gaps):
        lines += ["", *section(graph)]
    return "\n".join([*lines, ""])


class _Graph:
    """A store with what several sections ask of it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._library = QueryLibrary(ROOT / "queries")
        self.films = self.library("films-by-depth")
        self.techniques = self.library("techniques-by-films")
        self.years = [int(str(row["year"])) for row in self.films]

    def library(self, name: str) -> list[dict[str, Value]]:
        """Return the rows of a query of the library, with its example values."""
        return self._store.select(self._library[name].text).records()

    def ask(self, query: str) -> list[dict[str, Value]]:
        """Return the rows of a query."""
        return self._store.select(SPARQL_PREFIXES + query).records()

    def count(self, pattern: str) -> int:
        """Return how many different ?x a pattern has."""
        rows = self.ask(f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}")
        return int(str(rows[0]["n"]))

    def titles(self, pattern: str) -> list[str]:
        """Return the films that are ?x in a pattern, with their years, in the order of years."""
        rows = self.ask(
            f"SELECT DISTINCT ?x ?title ?made WHERE {{ {pattern} ?x schema:name ?title ; fg:releaseYear ?made }} "
            "ORDER BY ?made STR(?title) ?x"
        )
        return [_title(row, "made") for row in rows]

    def decades(self) -> dict[int, int]:
        """Return how many films each decade has, from the first one with a film to the last."""
        found = Counter(year // 10 * 10 for year in self.years)
        return {decade: found[decade] for decade in range(min(found), max(found) + 1, 10)} if found else {}

    def genres(self) -> list[dict[str, Value]]:
        """Return every genre with its number of films."""
        return self.ask(
            "SELECT ?genre ?label (COUNT(DISTINCT ?film) AS ?films) WHERE { ?genre a fg:Genre ; skos:prefLabel ?label "
            'FILTER(LANGMATCHES(LANG(?label), "en")) OPTIONAL { ?film schema:genre ?genre } } '
            "GROUP BY ?genre ?label HAVING (COUNT(?genre) > 0) ORDER BY DESC(?films) STR(?label) ?genre"
        )

    def leaves(self) -> list[dict[str, Value]]:
        """Return the techniques that none is narrower than."""
        return [row for row in self.techniques if row["narrower"] == 0]


def _decades(graph: _Graph) -> list[str]:
    decades = graph.decades()
    rows = [(f"{decade}s", number, _bar(number, decades.values())) for decade, number in decades.items()]
    return ["## Films by decade", "", *_table(("decade", "films", ""), rows)]


def _countries(graph: _Graph) -> list[str]:
    rows = graph.library("films-by-country")
    numbers = [int(str(row["films"])) for row in rows]
    pair = "VALUES ?c { country:united-states country:united-kingdom } ?x a fg:Film ; schema:countryOfOrigin ?c"
    one_of_two = graph.count(pair)
    alone = graph.count(
        f"{pair} FILTER NOT EXISTS {{ ?x schema:countryOfOrigin ?o "
        "FILTER(?o NOT IN (country:united-states, country:united-kingdom)) }"
    )
    return [
        "## Films by country",
        "",
        f"{len(rows)} countries, each as it was called when the film was made. A film of two countries counts in both. "
        f"The United States or the United Kingdom have a part in {_share(one_of_two, len(graph.films))} of the films, "
        f"and made {_share(alone, len(graph.films))} without anybody else.",
        "",
        *_table(
            ("country", "films", "from", "to", ""),
            [
                (_text(row["name"]), number, row["first_year"], row["last_year"], _bar(number, numbers))
                for row, number in zip(rows, numbers, strict=True)
            ],
        ),
    ]


def _genres(graph: _Graph) -> list[str]:
    numbers = [int(str(row["films"])) for row in graph.genres()]
    rows = [
        (_text(row["label"]), number, _bar(number, numbers))
        for row, number in zip(graph.genres(), numbers, strict=True)
    ]
    return ["## Films by genre", "", "Most films have two or three.", "", *_table(("genre", "films", ""), rows)]


def _women(graph: _Graph) -> list[str]:
    people = " ".join(f"<{iri('person', slug)}>" for slug in women())
    rows = graph.ask(
        f"SELECT DISTINCT ?person ?name ?x ?title ?year WHERE {{ VALUES ?person {{ {people} }} "
        "?x a fg:Film ; schema:director ?person ; schema:name ?title ; fg:releaseYear ?year . "
        "?person schema:name ?name } ORDER BY STR(?name) ?person ?year STR(?title) ?x"
    )
    films: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        films[_text(row["name"])].append(_title(row, "year"))
    return [
        "## Films by women",
        "",
        f"{_share(len({str(row['x']) for row in rows}), len(graph.films))} of the films have a woman as director or "
        f"among their directors: {len(films)} directors. The graph does not hold anybody's gender; a list beside the "
        "tests does.",
        "",
        *(f"- {name}: {', '.join(titles)}" for name, titles in films.items()),
    ]


def _crews(graph: _Graph) -> list[str]:
    everything = graph.count("?x a fg:Film")
    fiction = graph.count(FICTION_WITH_SOUND)
    rows = []
    for role, term in _ROLES.items():
        known = graph.count(f"?x a fg:Film ; {term} ?person")
        in_fiction = graph.count(f"{FICTION_WITH_SOUND} ?x {term} ?person")
        rows.append((role, known, _percent(known, everything), in_fiction, _percent(in_fiction, fiction)))
    lines = [
        "## Crews",
        "",
        f"For how many films somebody is named, among all {everything} and among the {fiction} films with actors "
        "before a camera that were made since 1930, when nearly all had sound: those that are neither animated nor "
        "documentary. Nobody is named to fill a field. A blank is sometimes the fact: *M* has no score.",
        "",
        *_table(("role", "films", "of all", "acted, since 1930", "of these"), rows),
    ]
    for role in ("cinematographer", "editor", "composer"):
        missing = graph.titles(f"{FICTION_WITH_SOUND} FILTER NOT EXISTS {{ ?x {_ROLES[role]} ?person }}")
        if missing:
            lines += ["", f"Acted films since 1930 that have no {role} here: {_list(missing)}."]
    return lines


def _categories(graph: _Graph) -> list[str]:
    rows = graph.ask(
        "SELECT ?category ?label (COUNT(DISTINCT ?use) AS ?uses) (COUNT(DISTINCT ?film) AS ?films) WHERE { "
        "?category a fg:Category ; skos:prefLabel ?label . ?technique skos:broader+ ?category . "
        "OPTIONAL { ?use fg:technique ?technique ; fg:film ?film } } "
        "GROUP BY ?category ?label HAVING (COUNT(?category) > 0) ORDER BY STR(?label) ?category"
    )
    table = []
    for row in rows:
        own = [t for t in graph.techniques if t["of_category"] == row["category"]]
        leaves = sum(t["narrower"] == 0 for t in own)
        label = str(row["label"])
        numbers = (len(own), leaves, row["uses"], row["films"], _percent(int(str(row["films"])), len(graph.films)))
        table.append((f"[{_text(label)}](#{_anchor(label)})", *numbers))
    head = ("category", "techniques", "leaves", "uses", "films", "of all films")
    return ["## Categories", "", "A leaf is a technique that none is narrower than.", "", *_table(head, table)]


def _techniques(graph: _Graph) -> list[str]:
    leaves = graph.leaves()
    films = [int(str(row["films"])) for row in leaves]
    enough, many = (sum(number >= least for number in films) for least in (_ENOUGH, _MANY))
    fullest = [f"{_text(row['label'])} ({row['films']})" for row in leaves[:10]]
    lines = [
        "## Techniques by number of films",
        "",
        f"Of {len(leaves)} leaves, {enough} are used by {_ENOUGH} films or more and {many} by {_MANY} or more. Leaves "
        f"with the most films: {', '.join(fullest)}. A film that uses a narrower technique is counted there and not "
        "above it: a technique in italics has narrower ones.",
    ]
    every = [int(str(row["films"])) for row in graph.techniques]
    labels = sorted({(str(row["category_label"]), str(row["of_category"])) for row in graph.techniques})
    for label, category in labels:
        own = [row for row in graph.techniques if row["of_category"] == category]
        rows = [(_technique(row), row["films"], _bar(int(str(row["films"])), every)) for row in own]
        lines += ["", f"### {_text(label)}", "", *_table(("technique", "films", ""), rows)]
    return lines


def _technique(row: dict[str, Value]) -> str:
    return _text(row["label"]) if row["narrower"] == 0 else f"*{_text(row['label'])}*"


def _gaps(graph: _Graph) -> list[str]:
    lines = ["## Gaps", "", "What a film scholar would miss first, and what is not known or not said."]
    decades = [f"{decade}s ({number})" for decade, number in graph.decades().items() if number < _FEW_IN_DECADE]
    countries = [
        f"{_text(row['name'])} ({row['films']})"
        for row in graph.library("films-by-country")
        if int(str(row["films"])) < _FEW_IN_COUNTRY
    ]
    genres = [f"{_text(r['label'])} ({r['films']})" for r in graph.genres() if int(str(r["films"])) < _FEW_IN_GENRE]
    by_number: defaultdict[int, list[str]] = defaultdict(list)
    for row in graph.leaves():
        by_number[int(str(row["films"]))].append(_text(row["label"]))
    fewest = min((int(str(row["uses"])) for row in graph.films), default=0)
    with_fewest = [_title(row, "year") for row in graph.films if row["uses"] == fewest]
    one_sided = [_title(row, "year") for row in graph.films if row["categories"] == 1]
    gaps = [
        (f"Decades with fewer than {_FEW_IN_DECADE} films", decades),
        (f"Countries with fewer than {_FEW_IN_COUNTRY} films", countries),
        (f"Genres with fewer than {_FEW_IN_GENRE} films", genres),
        *(
            (f"Leaves of the vocabulary that {_films(number)} use{'s' if number == 1 else ''}", by_number[number])
            for number in range(_ENOUGH + 1)
        ),
        (f"Films with the fewest uses, {fewest}", with_fewest),
        ("Films with uses from one category only", one_sided),
        ("Films without an IMDb identifier", graph.titles("?x a fg:Film FILTER NOT EXISTS { ?x fg:imdbId ?id }")),
        ("Films without a Wikidata item", graph.titles("?x a fg:Film FILTER NOT EXISTS { ?x schema:sameAs ?id }")),
        ("Films without a runtime", graph.titles("?x a fg:Film FILTER NOT EXISTS { ?x fg:runtimeMinutes ?t }")),
    ]
    for name, members in gaps:
        if members:
            lines += ["", f"- **{name}** ({len(members)}): {_list(members)}."]
    counted = [
        (
            "Techniques without a Wikidata item",
            "?x a fg:Technique",
            "?x schema:sameAs|skos:exactMatch ?o FILTER(STRSTARTS(STR(?o), STR(wd:)))",
        ),
        ("People without a Wikidata item", "?x a schema:Person", "?x schema:sameAs ?o"),
        ("Uses without a cited source: the editors' own reading", "?x a fg:TechniqueUse", "?x dcterms:source ?o"),
        ("Scenes without a time in the film", "?x a fg:SceneExample", "?x fg:startOffset ?o"),
        ("Films without a claim of a critic", "?x a fg:Film", "?o fg:aboutFilm ?x"),
    ]
    lines += ["", *_table(("not there", "number", "of", "share"), [_lack(graph, *each) for each in counted])]
    return lines


def _lack(graph: _Graph, name: str, things: str, having: str) -> tuple[str, int, int, str]:
    everything = graph.count(things)
    lacking = graph.count(f"{things} FILTER NOT EXISTS {{ {having} }}")
    return name, lacking, everything, _percent(lacking, everything)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a table of Markdown: names and bars to the left, numbers to the right."""
    marks = ["---" if not place or not name else "---:" for place, name in enumerate(head)]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(marks)}|"]
    return lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]


def _bar(number: int, numbers: Iterable[int]) -> str:
    """Return a bar for a number, as long as it is among others; one block stands for one where there is room."""
    most = max(numbers, default=0)
    return "█" * (number if most <= _LONGEST_BAR else -(-number * _LONGEST_BAR // most))


def _list(members: Sequence[str]) -> str:
    more = len(members) - _LONGEST_LIST
    return ", ".join(members[:_LONGEST_LIST]) + (f", and {more} more" if more > 0 else "")


def _films(number: int) -> str:
    return f"{number or 'no'} film{'' if number == 1 else 's'}"


def _percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole) if whole else 0} %"


def _share(part: int, whole: int) -> str:
    return f"{part} ({_percent(part, whole)})"


def _title(row: dict[str, Value], year: str) -> str:
    return f"*{_text(row['title'])}* ({row[year]})"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _text(text: object) -> str:
    """Return a text that Markdown shows as it is written; a slug stands for a missing name."""
    return "".join(f"\\{character}" if character in "\\`*_[]<|" else character for character in _name(text))


def _name(text: object) -> str:
    """Return a name, or the slug of an IRI."""
    return slug_of(str(text)) if str(text).startswith("http") else str(text)
