"""Arrays kept beside a store: the same answers as SPARQL gives, renewed when the store changes, safe when damaged."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import filmgraph
from filmgraph.arrays import NO_YEAR, ROLE_ORDER, SIGNED_BY, Csr, GraphArrays, Strings, keeping, kept, open_arrays
from filmgraph.arrays.scanning import Scan, scan_all
from filmgraph.errors import AmbiguousNameError, NotFoundError, StoreError
from filmgraph.lookup.labels import Labels, called
from filmgraph.namespaces import FG, KINDS, ROLES, SCHEMA, SKOS, iri
from filmgraph.similarity import SimilarityIndex
from filmgraph.stores import DiskStore, MemoryStore, Store
from filmgraph.voices import Voices, read_said, verdict_counts, verdict_rows, verdicts_of

FILMS = st.sampled_from([f"urn:f{n}" for n in range(5)])
STANCES = st.sampled_from(["Praise", "Criticism", "Mixed"])
CRAFTS = st.sampled_from([f"urn:t{n}" for n in range(5)] + ["urn:c0"])


def texts(store: Store, query: str) -> list[tuple[str, ...]]:
    """Return the rows of a query as plain texts, sorted."""
    return sorted(tuple(str(value) for value in row) for row in store.select(query))


@pytest.fixture
def disk(tmp_path: Path, tiny_files: Sequence[Path]) -> Path:
    """A store on disk with the tiny graph, closed."""
    with DiskStore(tmp_path / "store", writable=True) as store:
        for file in tiny_files:
            store.load(file)
    return tmp_path / "store"


def arrays_file(store: DiskStore) -> Path:
    assert store.derived is not None
    return store.derived / keeping.FILE


# The same as the store says.


def check_against_sparql(store: Store, arrays: GraphArrays) -> None:
    """Compare all that arrays hold with what queries over everything say."""
    films = arrays.films
    uses = defaultdict(list)
    for use, film, technique in texts(
        store,
        f"SELECT ?u ?f ?t {{ ?u <{FG}film> ?f ; <{FG}technique> ?t FILTER(isIRI(?f) && isIRI(?t) && isIRI(?u)) }}",
    ):
        uses[film, technique].append(use)
    found = {
        (film, arrays.concepts[concept]): name
        for place, film in enumerate(films)
        for concept, name in zip(arrays.uses.row(place).tolist(), arrays.use_names(place), strict=True)
        if not name.startswith("_:")
    }
    assert found == {pair: min(names) for pair, names in uses.items()}
    typed = texts(store, f"SELECT ?f {{ ?f a <{FG}Film> }}")
    assert [(films[place],) for place in np.flatnonzero(arrays.is_film)] == typed
    assert arrays.film_count == len(typed)
    roles = " ".join(f"<{role}>" for role in ROLES)
    credited = texts(
        store,
        f"SELECT ?f ?p ?who {{ VALUES ?p {{ {roles} }} ?f a <{FG}Film> ; ?p ?who FILTER(isIRI(?f) && isIRI(?who)) }}",
    )
    rows, bits = arrays.credits.rows().tolist(), arrays.credits.data
    assert bits is not None
    assert credited == sorted(
        (films[row], role, arrays.people[person])
        for row, person, bit in zip(rows, arrays.credits.indices.tolist(), bits.tolist(), strict=True)
        for at, role in enumerate(ROLE_ORDER)
        if bit >> at & 1
    )
    for having, table, predicate in (
        (arrays.genre_rows, arrays.genres, SCHEMA + "genre"),
        (arrays.country_rows, arrays.countries, SCHEMA + "countryOfOrigin"),
    ):
        pairs = zip(having.rows().tolist(), having.indices.tolist(), strict=True)
        query = f"SELECT ?f ?v {{ ?f a <{FG}Film> ; <{predicate}> ?v FILTER(isIRI(?f) && isIRI(?v)) }}"
        assert texts(store, query) == [(films[row], table[value]) for row, value in pairs]
    check_claims(store, arrays)


def check_claims(store: Store, arrays: GraphArrays) -> None:
    said = arrays.said
    columns = (said.claim, said.review, said.film, said.about, said.aspect, said.stance)
    found = [
        (
            arrays.claims[claim],
            arrays.reviews[review],
            arrays.films[film],
            FG + ("aboutAspect" if aspect else "aboutTechnique"),
            arrays.concepts[about],
            arrays.stances[stance],
            {
                voice: (arrays.reviews[review], SIGNED_BY[int(arrays.signed[review])], voice)
                if arrays.signed[review]
                else None
                for voice in arrays.voices.many(arrays.review_voices.row(review).tolist())
            },
        )
        for claim, review, film, about, aspect, stance in zip(*(column.tolist() for column in columns), strict=True)
    ]
    assert found == sorted(
        (
            (each.claim, each.review, each.film, each.predicate, each.about, each.stance, each.voices)
            for each in read_said(store, Voices(store))
        ),
        key=lambda row: (row[2], row[0], row[1], row[3], row[4]),
    )
    table = arrays.comparisons
    compared = zip(*(column.tolist() for column in (table.claim, table.review, table.film, table.other)), strict=True)
    accepted = f"?c <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> ?r ; <{FG}aboutFilm> ?f"
    assert texts(store, f"SELECT ?c ?r ?f ?g {{ {accepted} ; <{FG}comparesTo> ?g }}") == [
        (arrays.claims[claim], arrays.reviews[review], arrays.films[film], arrays.films[other])
        for claim, review, film, other in compared
    ]


def test_arrays_say_what_the_tiny_graph_says(store: Store) -> None:
    arrays = open_arrays(store)
    check_against_sparql(store, arrays)
    assert len(arrays.said) == 5
    assert arrays.years[arrays.films.at[iri("film", "alpha-2001")]] == 2001


def test_arrays_say_what_the_bundled_graph_says(bundled: MemoryStore) -> None:
    arrays = open_arrays(bundled)
    check_against_sparql(bundled, arrays)
    years = dict(bundled.select(f"SELECT ?f ?y {{ ?f <{FG}releaseYear> ?y }}"))
    assert {film: int(year) for film, year in zip(arrays.films, arrays.years, strict=True)} == years


ODD = f"""
    <urn:t1> a <{FG}Technique> ; <{SKOS}broader> <urn:t2> , <urn:c1> . <urn:t2> a <{FG}Technique> .
    <urn:c1> a <{FG}Category> .
    <urn:f1> a <{FG}Film> ; <{FG}releaseYear> 1999 , 1998 , "about 1990" ; <{SCHEMA}director> <urn:p1> , "A. Name" ;
        <{SCHEMA}musicBy> <urn:p1> ; <{SCHEMA}genre> <urn:g1> , "drama" .
    <urn:f2> <{SCHEMA}director> <urn:p1> ; <{FG}releaseYear> 1950 .
    <urn:f3> a <{FG}Film> ; <{FG}releaseYear> true , "1990"^^<urn:year> , 99999999999999999999 .
    <urn:u2> <{FG}film> <urn:f1> ; <{FG}technique> <urn:t1> . <urn:u1> <{FG}film> <urn:f1> ; <{FG}technique> <urn:t1> .
    <urn:u3> <{FG}film> <urn:f1> , <urn:f2> ; <{FG}technique> <urn:t2> , <urn:c1> .
    [] <{FG}film> <urn:f3> ; <{FG}technique> <urn:t1> . <urn:u4> <{FG}film> "urn:f1" ; <{FG}technique> <urn:t9> .
    <urn:u5> <{FG}film> <urn:f4> ; <{FG}technique> "urn:t1" . <urn:u6> <{FG}film> <urn:f5> .
    <urn:k1>
        <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> <urn:r1> ; <{FG}aboutFilm> <urn:f1> ; <{FG}stance> <{FG}Praise> ;
        <{FG}aboutTechnique> <urn:t1> , <urn:t2> ; <{FG}aboutAspect> <urn:a1> ; <{FG}comparesTo> <urn:f9> .
    <urn:k2>
        <{FG}status> <{FG}Rejected> ; <{FG}claimedIn> <urn:r1> ; <{FG}aboutFilm> <urn:f1> ; <{FG}stance> <{FG}Praise> ;
        <{FG}aboutTechnique> <urn:t1> .
    <urn:k3>
        <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> <urn:r2> ; <{FG}aboutFilm> <urn:f2> ; <{FG}stance> <urn:Awe> ;
        <{FG}aboutTechnique> <urn:t1> .
    <urn:r1> <{SCHEMA}author> "Anna" , <urn:p2> ; <{SCHEMA}publisher> <urn:o1> . <urn:r3> <{SCHEMA}author> <urn:p3> .
"""


def test_what_is_no_resource_counts_where_it_counts_in_sparql(tmp_path: Path) -> None:
    with DiskStore(tmp_path / "store", writable=True) as store:
        store.update(f"INSERT DATA {{ {ODD} }}")
        arrays = open_arrays(store)
        check_against_sparql(store, arrays)
        assert arrays.use_names(arrays.films.at["urn:f1"])[1] == "urn:u1"
        assert {film: int(arrays.years[arrays.films.at[film]]) for film in ("urn:f1", "urn:f2", "urn:f3")} == {
            "urn:f1": 1998,
            "urn:f2": NO_YEAR,
            "urn:f3": NO_YEAR,
        }
        assert "urn:f5" in arrays.films
        assert "urn:f4" in arrays.films
        assert arrays.craft.films == ("urn:f1", "urn:f2", "urn:f3")
        assert arrays.craft.techniques == ("urn:t1", "urn:t2")
        assert arrays.stances[-1] == "urn:awe"
        assert arrays.voices == ("Anna", "urn:o1", "urn:p2", "urn:r2")


def test_a_text_is_never_taken_for_the_resource_that_it_spells() -> None:
    with MemoryStore() as store:
        store.update(
            f'INSERT DATA {{ <urn:k> <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> "urn:r" ; <{FG}aboutFilm> <urn:f> ; '
            f"<{FG}stance> <{FG}Praise> ; <{FG}aboutTechnique> <urn:t> . <urn:r> <{SCHEMA}author> <urn:who> }}"
        )
        assert open_arrays(store).voices == ("urn:r",)


def test_nothing_makes_empty_arrays(tmp_path: Path) -> None:
    with DiskStore(tmp_path / "store", writable=True) as store:
        for arrays in (open_arrays(store), open_arrays(store)):
            assert (len(arrays.films), arrays.film_count, len(arrays.said), len(arrays.broader)) == (0, 0, 0, 0)
            assert arrays.craft.unit.shape == (0, 0)
            assert SimilarityIndex(arrays.craft).similar("urn:f") == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), FILMS, CRAFTS), max_size=12),
    st.lists(st.tuples(CRAFTS, CRAFTS), max_size=6),
    st.lists(
        st.tuples(st.integers(0, 3), FILMS, CRAFTS, st.sampled_from(["Praise", "Criticism", "Mixed"])), max_size=8
    ),
)
def test_any_graph_is_read_as_sparql_reads_it(
    uses: list[tuple[int, str, str]], broader: list[tuple[str, str]], claims: list[tuple[int, str, str, str]]
) -> None:
    triples = [f"<urn:u{n}> <{FG}film> <{film}> ; <{FG}technique> <{craft}> ." for n, film, craft in uses]
    triples += [
        f"<{low}> a <{FG}Technique> ; <{SKOS}broader> <{high}> . <urn:c0> a <{FG}Category> ." for low, high in broader
    ]
    triples += [
        f"<urn:k{at}> <{FG}status> <{FG}Accepted> ; <{FG}claimedIn> <urn:r{n}> ; <{FG}aboutFilm> <{film}> ; "
        f"<{FG}aboutTechnique> <{craft}> ; <{FG}stance> <{FG}{stance}> ."
        for at, (n, film, craft, stance) in enumerate(claims)
    ]
    with MemoryStore() as store:
        store.update(f"INSERT DATA {{ {' '.join(triples)} }}")
        arrays = open_arrays(store)
        check_against_sparql(store, arrays)
        categories = {row[0] for row in store.select(f"SELECT ?c {{ ?c a <{FG}Category> }}")}
        links = texts(store, f"SELECT ?n ?b {{ ?n a <{FG}Technique> ; <{SKOS}broader> ?b . ?b a <{FG}Technique> }}")
        pairs = texts(store, f"SELECT DISTINCT ?f ?t {{ ?u <{FG}film> ?f ; <{FG}technique> ?t }}")
        made = kept.FilmTechniqueArrays.of_pairs(
            [(film, craft) for film, craft in pairs if craft not in categories], [(low, high) for low, high in links]
        )
        craft = arrays.craft
        assert (craft.films, craft.techniques) == (tuple(made.films), tuple(made.techniques))
        for name in ("used", "closeness", "weights", "unit"):
            assert np.array_equal(getattr(craft, name).toarray(), getattr(made, name).toarray())
        index, other = SimilarityIndex(craft), SimilarityIndex(made)
        for film in made.films:
            assert index.similar(film) == other.similar(film)
            assert np.array_equal(
                index.scores(film), np.round(made.unit @ made.unit[made.film_at[film]].T.toarray(), 12).ravel()
            )


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 4)), max_size=12))
def test_verdicts_over_arrays_are_those_of_sets(said: list[tuple[int, int, int]]) -> None:
    names = ("praise", "criticism", "mixed", "observation", "awe")
    by_subject: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for subject, voice, stance in said:
        by_subject[subject].append((str(voice), names[stance]))
    columns = [[row[at] for row in said] for at in range(3)]
    subjects, voices, verdicts = (column.tolist() for column in verdict_rows(*columns))
    assert list(zip(subjects, voices, [names[verdict] for verdict in verdicts], strict=True)) == [
        (subject, int(voice), verdict)
        for subject in sorted(by_subject)
        for voice, verdict in sorted(verdicts_of(by_subject[subject]).items())
    ]
    assert verdict_counts(*columns)[1].sum() == len(subjects)


# Tables and rows.


def test_strings_are_found_decoded_and_compared() -> None:
    words = ["", "a", "é", "zz", "漢", "a b", "𝄞"]
    table = Strings.of([*words, "a"])
    assert list(table) == sorted(words) == [table[at] for at in range(len(words))]
    assert [table.find(word) for word in sorted(words)] == list(range(len(words)))
    assert [table.find(missing) for missing in ("b", "zzz", "\udc80")] == [None] * 3
    assert "a" in table
    assert 7 not in table
    assert (table[-1], table[1:3], table == tuple(sorted(words)), table == words) == (
        max(words),
        ["a", "a b"],
        True,
        False,
    )
    with pytest.raises(IndexError):
        table[len(words)]
    with pytest.raises(KeyError):
        table.at["b"]


def test_a_table_that_is_asked_often_answers_the_same() -> None:
    table = Strings.of(f"{number:03}" for number in range(200))
    assert [table.at.get(f"{number:03}") for number in range(220)] == [*range(200), *[None] * 20]


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=20))
def test_rows_turn_round_and_back(pairs: set[tuple[int, int]]) -> None:
    rows, columns = ([pair[at] for pair in pairs] for at in (0, 1))
    values = np.array([row * 10.0 + column for row, column in pairs])
    matrix = Csr.of_pairs(rows, columns, (6, 5), values)
    dense = matrix.scipy().toarray()
    assert np.array_equal(matrix.transposed().scipy().toarray(), dense.T)
    assert np.array_equal(matrix.taken([3, 0, 3]).scipy().toarray(), dense[[3, 0, 3]])
    assert matrix.counts.tolist() == (Csr.of_pairs(rows, columns, (6, 5)).scipy().toarray() != 0).sum(axis=1).tolist()


# Kept beside the store.


def test_arrays_are_kept_beside_the_store_and_mapped(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DiskStore(disk) as store:
        first = open_arrays(store)
        assert first.mapped
        assert arrays_file(store).is_file()
        monkeypatch.setattr(kept, "build", None)
        again = open_arrays(store)
        base = again.craft.close_rows.indices
        while isinstance(base, np.ndarray) and base.base is not None:
            base = base.base
        assert isinstance(base, memoryview | mmap.mmap)
        check_against_sparql(store, again)


def test_arrays_are_renewed_when_the_store_changes(disk: Path) -> None:
    with filmgraph.open(disk, writable=True) as graph:
        before = graph.similar("Alpha")
        films = len(graph.arrays.films)
        graph.update(
            "INSERT DATA { film:zeta-2020 a fg:Film . use:z fg:film film:zeta-2020 ; fg:technique technique:jump-cut }"
        )
        assert len(graph.arrays.films) == films + 1
        assert iri("film", "zeta-2020") in {answer.film for answer in graph.similar("Alpha")}
    with filmgraph.open(disk) as graph:
        assert len(graph.arrays.films) == films + 1
        assert graph.similar("Alpha") != before


def test_where_nothing_can_be_written_arrays_stay_in_memory(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    with DiskStore(disk) as store:
        monkeypatch.setattr(keeping.tempfile, "mkstemp", refuse)
        arrays = open_arrays(store)
        assert not arrays.mapped
        check_against_sparql(store, arrays)
        assert not arrays_file(store).exists()


def test_a_full_disk_leaves_nothing_behind(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(stream: object, *_: object) -> None:
        stream.write(b"a little")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    with DiskStore(disk) as store:
        monkeypatch.setattr(keeping, "_write", full)
        check_against_sparql(store, open_arrays(store))
        assert store.derived is not None
        assert not list(store.derived.glob("arrays-*"))


def test_what_builders_left_behind_is_cleared_away(disk: Path) -> None:
    with DiskStore(disk) as store:
        assert store.derived is not None
        store.derived.mkdir(exist_ok=True)
        old, new = (store.derived / f"arrays-building-{name}" for name in ("old", "new"))
        for file in (old, new):
            file.write_bytes(b"")
        os.utime(old, (0, 0))
        open_arrays(store)
        assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize("damage", ["cut", "grown", "empty", "no magic", "header", "stamp", "not JSON", "a folder"])
def test_a_file_that_is_not_whole_is_made_anew(disk: Path, damage: str) -> None:
    with DiskStore(disk) as store:
        open_arrays(store)
        file = arrays_file(store)
        whole = file.read_bytes()
        broken = {
            "cut": whole[:-100],
            "grown": whole + b"x",
            "empty": b"",
            "no magic": b"x" + whole[1:],
            "header": whole[:60] + b"x" + whole[61:],
            "stamp": whole.replace(store.stamp.encode(), b"0" * len(store.stamp)),
            "not JSON": whole[:19] + (1).to_bytes(8, "little") + whole[27:],
        }
        file.unlink()
        if damage == "a folder":
            file.mkdir()
        else:
            file.write_bytes(broken[damage])
        check_against_sparql(store, open_arrays(store))
        if damage != "a folder":
            assert file.read_bytes() == whole


def test_no_flipped_byte_makes_a_wrong_answer(disk: Path) -> None:
    """A byte in each array, in turn: what was damaged is found when it is read first, and made anew."""
    with DiskStore(disk) as store:
        open_arrays(store)
        file = arrays_file(store)
        whole = file.read_bytes()
        size = int.from_bytes(whole[19:27], "little")
        entries = json.loads(whole[31 : 31 + size])["arrays"]
        flipped = 0
        for entry in entries.values():
            if not np.prod(entry["shape"]):
                continue
            place = entry["at"]
            file.unlink()
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            arrays = open_arrays(store)
            check_against_sparql(store, arrays)
            answers = [SimilarityIndex(arrays.craft).similar(film) for film in arrays.craft.films]
            assert any(answers)
            flipped += 1
        assert flipped > 30


def test_a_file_that_another_takes_the_place_of_is_read_to_its_end(disk: Path) -> None:
    with DiskStore(disk) as store:
        open_arrays(store)
        arrays = open_arrays(store)
        other = disk / "other"
        other.write_bytes(b"x" * arrays_file(store).stat().st_size)
        os.replace(other, arrays_file(store))  # noqa: PTH105
        check_against_sparql(store, arrays)
        assert arrays.mapped


def test_two_builders_at_once_both_end_with_whole_arrays(disk: Path) -> None:
    script = (
        "import sys; from filmgraph.stores import DiskStore; from filmgraph.arrays import open_arrays\n"
        "sys.stdin.readline()\n"
        "store = DiskStore(sys.argv[1]); arrays = open_arrays(store)\n"
        "print(arrays.mapped, len(arrays.films), list(arrays.craft.df))"
    )
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(disk)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for builder in builders:
        assert builder.stdin is not None
        builder.stdin.write("go\n")
        builder.stdin.flush()
    said = [builder.communicate(timeout=60)[0] for builder in builders]
    assert said[0] == said[1]
    assert said[0].startswith("True 5 ")
    with DiskStore(disk) as store:
        assert [file.name for file in arrays_file(store).parent.glob("arrays*")] == [keeping.FILE]


def test_a_scan_that_fails_is_one_error_and_leaves_no_thread(disk: Path) -> None:
    import threading

    def refuse(*_: bytes) -> None:
        raise RuntimeError("enough")

    with DiskStore(disk) as store:
        with pytest.raises((StoreError, RuntimeError), match="enough"):
            scan_all(store, Scan(FG + "film", refuse), Scan(FG + "technique", lambda *_: None))
        broken = Scan("not an IRI", lambda *_: None)
        with pytest.raises(Exception, match=r"."):
            scan_all(store, broken, Scan(FG + "film", lambda *_: None))
    assert not [thread for thread in threading.enumerate() if thread.name == "filmgraph-scan"]


def test_the_way_to_similar_films_imports_no_scipy(disk: Path) -> None:
    script = (
        "import sys, filmgraph\n"
        "with filmgraph.open(sys.argv[1]) as graph:\n"
        "    print(len(graph.similar('film:alpha-2001')), len(graph.path('film:alpha-2001', 'film:beta-2002')))\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('scipy', 'networkx', 'rdflib')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(disk)], capture_output=True, text=True, check=True, timeout=60
    )
    counts, modules = done.stdout.splitlines()
    assert counts.split() == ["3", "5"]
    assert modules == "[]"


# Names.


def test_who_bears_a_name_is_found_as_among_all_names(tmp_path: Path, tiny_files: Sequence[Path]) -> None:
    odd = (
        'film:zeta-2020 a fg:Film ; schema:name "Z\\"eta"@fr ; schema:alternateName "Alpha" , 1999 . '
        'film:alpha-1999 a fg:Film ; schema:name "ALPHA!" . person:alpha a schema:Person ; schema:name "Alpha" . '
        'film:untyped schema:name "Lonely" . organization:band a schema:Person ; schema:name "The Band" . '
        'film:person-1990 a schema:Person ; schema:name "Odd One" .'
    )
    with filmgraph.open(tmp_path / "store", writable=True) as graph:
        graph.load(tiny_files)
        graph.update(f"INSERT DATA {{ {odd} }}")
        everything = graph.search_index.labels
        written = {label.text for labels in everything.of.values() for label in labels}
        asked = [*written, "alpha", "Alpha (1999)", "Alpha 2001", "1999", "no such name", "lonely", "odd one", ""]
        bearing = graph._bearing
        assert bearing is not None
        for kinds in (("film",), ("person", "organization"), ("technique", "aspect", "category"), ("genre",), KINDS):
            labels = Labels(graph.store, kinds)
            for name in asked:
                found = called(lambda folded, kinds=kinds: bearing(folded, kinds), name, kinds)
                assert found == labels.called(name, kinds), (name, kinds)
        assert graph.resolve("alpha (1999)", kind="film") == iri("film", "alpha-1999")
    with filmgraph.open(tmp_path / "store") as graph:
        assert graph.resolve("The Band", kind="person") == iri("organization", "band")
        with pytest.raises(AmbiguousNameError):
            graph.resolve("Alpha", kind="film")
        with pytest.raises(NotFoundError, match="alpha-2001"):
            graph.resolve("Alphaa", kind="film")
        assert graph.store.derived is not None
        assert (graph.store.derived / "names-1.bin").is_file()
