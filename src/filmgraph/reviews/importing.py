"""Reviews turned into review, critic and publication nodes and candidate claims: a CSV file of many, or one text.

What is read is put aside on disk first, then written film by film. Each file is written as a whole or not at all, and
running again after an interruption makes the same bytes: what is there already is known by its hash.
"""

from __future__ import annotations

import csv
import datetime
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyoxigraph as ox

from filmgraph.errors import DataError, OutputError
from filmgraph.lookup import resolve
from filmgraph.namespaces import FG, PROV, RDF, RDFS, SCHEMA, iri, shorten, slugify
from filmgraph.readers import read_text
from filmgraph.reviews.dates import read_date
from filmgraph.reviews.filmfile import FilmFile, ReadReview
from filmgraph.reviews.known import Films, KnownNames, decided_on, reviews_in_graph
from filmgraph.reviews.language import is_foreign
from filmgraph.reviews.people import Authority, Roster, critics_of, near_spellings, publications_of
from filmgraph.reviews.proposals import ACTIVITIES_FILE, CRITICS_FILE, PUBLICATIONS_FILE, Turtle, waiting_folder
from filmgraph.reviews.results import SHOWN, ExtractedClaims, FoundClaim, ImportedReviews
from filmgraph.reviews.rowreading import LONGEST_TEXT, RowReader
from filmgraph.reviews.signatures import LONGEST_NAME, clean_name, read_address
from filmgraph.reviews.spool import Spool, Spooled, spooling
from filmgraph.reviews.table import COLUMNS, ReviewTable
from filmgraph.rows import printable
from filmgraph.writing import write_files

if TYPE_CHECKING:
    from filmgraph.claims import Candidate
    from filmgraph.stores import Store
    from filmgraph.workspace import Workspace

__all__ = ["Finder", "extract_claims", "import_reviews"]

MOST_REVIEWS_OF_A_FILM = 20_000
_EVERY = 512
Progress = Callable[[str, int, int], None]
"""Is called with what is being done, how much of it is done, and how much there is."""


class Finder(Protocol):
    """What finds claims in a text, as :class:`filmgraph.claims.Extractor` does."""

    def candidates(
        self, text: str, *, film: str | None = None, names: Iterable[str] = (), lean: float = 0.0
    ) -> list[Candidate]:
        """Return the candidate claims of a text."""
        ...


def import_reviews(
    workspace: Workspace,
    store: Store,
    file: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    critics: str | os.PathLike[str] | None = None,
    report: str | os.PathLike[str] | None = None,
    quote: bool = False,
    dry_run: bool = False,
    today: datetime.date | None = None,
    finder: Finder | None = None,
    progress: Progress | None = None,
) -> ImportedReviews:
    """Read a CSV file of reviews into the folder of candidates: reviews, critics, publications and candidate claims.

    ``out`` is the folder, ``candidates/`` in the workspace where none is named. ``critics`` is a table that says which
    critic a spelling means; see :class:`~filmgraph.reviews.people.Authority`. ``report`` is a CSV file to write, with
    each row that was left out or is odd. ``quote`` keeps the words of passages. ``finder`` finds the claims, and is the
    extractor of the graph where none is given.

    Raises :class:`~filmgraph.errors.DataError` for a file that is no such table, and
    :class:`~filmgraph.errors.OutputError` where nothing can be written.
    """
    folder = _checked_folder(workspace, out)
    if report is not None:
        _check_report(os.fspath(report), folder)
    table, authority = ReviewTable(file), Authority(critics)
    tell = progress or _say_nothing
    with spooling() as spool:
        reader = RowReader(
            spool, Films(store), authority, today=today or datetime.date.today(), detailed=report is not None
        )
        for place, (number, cells) in enumerate(table.rows()):
            reader.take(number, cells, table.places, len(table.header))
            if place % _EVERY == 0:
                tell("reading", table.bytes_read, table.size)
        if not reader.rows:
            raise DataError("has no rows below the header", file=table.file)
        run = _Run(store, folder, spool, reader, finder, quote=quote, dry_run=dry_run, tell=tell)
        done = run.finish(table.file, table.passed_over)
        if report is not None:
            _write_report(Path(report), spool)
    return done


def extract_claims(
    workspace: Workspace,
    store: Store,
    file: str | os.PathLike[str],
    *,
    film: str,
    critic: str = "",
    publication: str = "",
    url: str = "",
    date: str = "",
    out: str | os.PathLike[str] | None = None,
    quote: bool = False,
    dry_run: bool = False,
    today: datetime.date | None = None,
    finder: Finder | None = None,
) -> ExtractedClaims:
    """Read one review, a text file in UTF-8, into the folder of candidates; see :func:`import_reviews`.

    Its hash is that of the file's bytes. Raises :class:`~filmgraph.errors.DataError` for a file that is no text, and
    for a name, date or address that cannot be.
    """
    folder = _checked_folder(workspace, out)
    for whose, given in (("critic", critic), ("publication", publication)):
        length = len(clean_name(given))
        if length > LONGEST_NAME:
            raise DataError(f"the name of the {whose} has {length:,} characters, and may have {LONGEST_NAME}")
    text = read_text(file)
    name = os.fspath(file)
    if "\0" in text:
        raise DataError("holds null characters: it is no text", file=name)
    if not text.strip():
        raise DataError("is empty", file=name)
    if len(text) > LONGEST_TEXT:
        raise DataError(f"is longer than {LONGEST_TEXT:,} characters: no review is", file=name)
    reviewed = resolve(store, film, kind="film")
    films = Films(store)
    asked = {"date": date, "address": url}
    when = read_date(date, released=films.year(reviewed), today=today or datetime.date.today())
    _, unusable = read_address(url)
    for what, problem in (("date", when.problem), ("address", unusable)):
        if asked[what].strip() and problem:
            raise DataError(
                f"{what} {asked[what][:60]!r}: {problem.removeprefix(what + ' ')}: correct it, or leave it out"
            )
    with spooling() as spool:
        reader = RowReader(spool, films, Authority(), today=today or datetime.date.today(), detailed=False)
        title = films.title[reviewed]
        cells = (title, str(films.year(reviewed)), critic, publication, date, url, "", "", text)
        places = {column: place for place, column in enumerate(COLUMNS)}
        reader.take_of_film(reviewed, 1, cells, places)
        reader.odd.clear()
        run = _Run(store, folder, spool, reader, finder, quote=quote, dry_run=dry_run, tell=_say_nothing, keep=True)
        done = run.finish(name, ())
    ((review, candidates),) = run.kept
    claims = tuple(
        FoundClaim(
            *(found.concept, found.stance, found.confidence, found.matched_label, found.cues, found.passages),
            words=tuple(text[start:end] for start, end in found.passages),
        )
        for found in candidates
    )
    return ExtractedClaims(shorten(review), claims, bool(reader.odd["text not in English"]), done)


def _say_nothing(_what: str, _done: int, _total: int) -> None:
    return None


def _checked_folder(workspace: Workspace, out: str | os.PathLike[str] | None) -> Path:
    """Return the folder of candidates; it is no part of the graph, so it must not lie in its data."""
    folder = waiting_folder(workspace, out)
    inside = folder.resolve()
    for part in (workspace.data, workspace.ontology, workspace.queries):
        if inside == part.resolve() or part.resolve() in inside.parents:
            raise OutputError(f"{folder}: lies in {part.name}/, which is the graph: candidates wait outside of it")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file, and candidates need a folder")
    return folder


def _check_report(name: str, folder: Path) -> None:
    """Refuse a report that cannot be written, or that stands where candidates do, before anything is read."""
    file = Path(name)
    if not name.strip():
        raise OutputError("the report has no name: give it one, or leave it out")
    try:
        if folder.resolve() in (file.resolve(), *file.resolve().parents):
            raise OutputError(f"{name}: lies in the folder of candidates: name a file outside of {folder}")
        # Whether a file can be made is known when it was: rights, full disks and names too long have no other test.
        file.open("x").close()
        file.unlink()
    except FileExistsError:
        what = "is a folder" if file.is_dir() else "exists already, and is not written over"
        raise OutputError(f"{name}: {what}: name another file") from None
    except FileNotFoundError:
        raise OutputError(f"{name}: cannot be written: there is no folder {file.parent}") from None
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {error.strerror}") from error
    except (ValueError, RuntimeError) as error:  # a null byte in the name, links in a circle
        raise OutputError(f"{name}: cannot be written: {error}") from error


@dataclass
class _Run:
    """The second half of an import: from reviews that were put aside to files."""

    store: Store
    folder: Path
    spool: Spool
    reader: RowReader
    finder: Finder | None
    quote: bool = field(kw_only=True)
    dry_run: bool = field(kw_only=True)
    tell: Progress = field(kw_only=True)
    keep: bool = field(default=False, kw_only=True)
    kept: list[tuple[str, list[Candidate]]] = field(default_factory=list, init=False)
    written: list[Path] = field(default_factory=list, init=False)

    def finish(self, file: str, passed_over: tuple[str, ...]) -> ImportedReviews:
        """Find out who is who, find the claims, and write the files."""
        films = self.spool.films()
        people, houses = Turtle.read(self.folder / CRITICS_FILE), Turtle.read(self.folder / PUBLICATIONS_FILE)
        critics = critics_of(self.spool, KnownNames.critics(self.store, [people]), self.reader.authority)
        publications = publications_of(self.spool, KnownNames.publications(self.store, [houses]))
        from filmgraph.claims.extraction import VERSION, Extractor

        finder: Finder = self.finder or Extractor.of_store(self.store)
        activity = iri("activity", f"claim-extraction-{slugify(VERSION)}")
        # First who, then what they say: if the machine stops in between, a critic without a review does no harm.
        self._add_names(people, critics, ("Critic", "Person"))
        self._add_names(houses, publications, ("Publication", "Organization"))
        if films:
            self._add_activity(activity, VERSION)
        claims: Counter[str] = Counter()
        new_reviews = known_reviews = new_claims = decided = 0
        total, read = sum(count for _, count in films), 0
        for film, _count in films:
            filmfile = FilmFile(
                self.folder, film, reviews_in_graph(self.store, film), decided_on(self.store, film), quote=self.quote
            )
            by_text: dict[bytes, str] = {}
            for place, spooled in enumerate(self.spool.reviews(film)):
                if place >= MOST_REVIEWS_OF_A_FILM:
                    self.reader.skip(spooled.row, "", "", f"more than {MOST_REVIEWS_OF_A_FILM:,} reviews of one film")
                    continue
                self._add(filmfile, spooled, critics, publications, finder, activity)
                self._compare(by_text, spooled)
                read += 1
                if read % _EVERY == 0:
                    self.tell("finding claims", read, total)
            self._write(filmfile.turtle, filmfile.text())
            tally = filmfile.tally
            claims.update(tally.proposed)
            new_reviews, known_reviews = new_reviews + tally.new_reviews, known_reviews + tally.known_reviews
            new_claims, decided = new_claims + tally.new_claims, decided + tally.decided
            self.tell("finding claims", read, total)
        near = near_spellings(self.spool, critics)
        return ImportedReviews(
            file=file,
            folder=self.folder,
            dry_run=self.dry_run,
            rows=self.reader.rows,
            skipped=dict(self.reader.skipped),
            odd=dict(self.reader.odd),
            scores=self.reader.scores,
            unknown=tuple(self.spool.unknown(SHOWN)),
            unknown_films=self.spool.count_unknown(),
            films=len(films),
            new_reviews=new_reviews,
            known_reviews=known_reviews,
            critics=len(critics.names),
            new_critics=len(critics.new),
            publications=len(publications.names),
            new_publications=len(publications.new),
            claims=dict(claims),
            new_claims=new_claims,
            decided=decided,
            respelled=tuple(critics.respelled),
            apart=tuple(critics.apart),
            unclear=tuple(critics.unclear),
            perhaps_one=tuple(near),
            passed_over=passed_over,
            written=tuple(self.written),
        )

    def _add(
        self, filmfile: FilmFile, spooled: Spooled, critics: Roster, houses: Roster, finder: Finder, activity: str
    ) -> None:
        """Add a review to the file of its film, with the claims that are found in it."""
        review = ReadReview(
            film=spooled.film,
            digest=spooled.digest.hex(),
            author=critics.of_key[spooled.critic] if spooled.critic else "",
            house=houses.of_key[spooled.house] if spooled.house else "",
            published=spooled.published,
            datatype=spooled.datatype,
            address=spooled.address,
            text=spooled.text,
        )
        found: list[Candidate] = []
        if is_foreign(review.text):
            self.reader.note(spooled.row, "text", "", "text not in English")
        else:
            names = [name for name in (spooled.critic_name, spooled.house_name) if name]
            found = finder.candidates(review.text, film=review.film, names=names, lean=spooled.lean)
        repeated = filmfile.tally.repeated
        where = filmfile.add(review, found, activity)
        if filmfile.tally.repeated > repeated:
            self.reader.skip(spooled.row, "text", "", "same text by the same critic once more")
        elif self.keep:
            self.kept.append((where, found))

    def _compare(self, by_text: dict[bytes, str], spooled: Spooled) -> None:
        who = spooled.critic or spooled.house
        if by_text.setdefault(spooled.digest, who) != who:
            self.reader.note(spooled.row, "text", "", "same text under another name, kept under both")

    def _add_names(self, turtle: Turtle, roster: Roster, classes: tuple[str, str]) -> None:
        """Add those who are new to their file."""
        for resource, name in roster.new.items():
            node = ox.NamedNode(resource)
            for class_ in (FG + classes[0], SCHEMA + classes[1]):
                turtle.add(ox.Triple(node, ox.NamedNode(RDF + "type"), ox.NamedNode(class_)))
            turtle.add(ox.Triple(node, ox.NamedNode(SCHEMA + "name"), ox.Literal(name)))
        if roster.new:
            turtle.check_comments()
            self._write(turtle, turtle.text())

    def _add_activity(self, activity: str, version: str) -> None:
        """Describe what proposes the claims, unless the graph does."""
        if self.store.ask(f"ASK {{ <{activity}> ?p ?o }}"):
            return
        turtle = Turtle.read(self.folder / ACTIVITIES_FILE)
        node, agent = ox.NamedNode(activity), ox.NamedNode(iri("agent", f"claim-extractor-{slugify(version)}"))
        label = ox.Literal(f"Claim extraction, version {version}", language="en")
        for triple in (
            ox.Triple(node, ox.NamedNode(RDF + "type"), ox.NamedNode(PROV + "Activity")),
            ox.Triple(node, ox.NamedNode(RDFS + "label"), label),
            ox.Triple(node, ox.NamedNode(PROV + "wasAssociatedWith"), agent),
            ox.Triple(agent, ox.NamedNode(RDF + "type"), ox.NamedNode(PROV + "SoftwareAgent")),
            ox.Triple(agent, ox.NamedNode(SCHEMA + "name"), ox.Literal("filmgraph claim extractor")),
            ox.Triple(agent, ox.NamedNode(SCHEMA + "softwareVersion"), ox.Literal(version)),
        ):
            turtle.add(triple)
        self._write(turtle, turtle.text())

    def _write(self, turtle: Turtle, text: str) -> None:
        """Write a file where it changes, all of it or nothing."""
        if text == (turtle.before or ""):
            return
        self.written.append(turtle.file)
        if self.dry_run:
            return
        try:
            turtle.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{turtle.file.parent}: cannot be made: {error.strerror}") from error
        try:
            write_files({turtle.file: text}, before={} if turtle.before is None else {turtle.file: turtle.before})
        except OutputError as error:
            if turtle.before is None and turtle.file.exists():
                raise OutputError(f"{turtle.file}: was written by somebody else meanwhile; try again") from error
            raise


def _write_report(file: Path, spool: Spool) -> None:
    """Write each row that was left out or is odd, with its number, column, value and the reason."""
    aside = file.with_name(f".filmgraph-{secrets.token_hex(8)}-new")
    try:
        with aside.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("row", "column", "value", "reason"))
            writer.writerows((row, column, _safe(value), reason) for row, column, value, reason in spool.odd())
        aside.replace(file)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)


def _safe(value: str) -> str:
    """Return a value in one line that turns no writing around and that no spreadsheet takes for a formula."""
    shown = printable(value)
    return f"'{shown}" if shown.lstrip()[:1] in ("=", "+", "-", "@") else shown
