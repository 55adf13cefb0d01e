"""How a query of the library is called from elsewhere: on the command line, in Python, over HTTP."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from filmgraph.queries.library import Parameter, Query

__all__ = ["command_line", "curl_line", "example_values", "python_lines"]

Values = Mapping[str, Sequence[str]]


def example_values(query: Query, parameter: Parameter) -> list[str]:
    """Return the example values of a parameter as one writes them on the command line; none where it stays open."""
    terms = shlex.split(query.examples[parameter.name], posix=False)
    return [_as_written(term, parameter) for term in terms if term != "UNDEF"]


def command_line(query: Query, values: Values | None = None) -> str:
    """Return the command that runs a library query, with the example values of its file where none are given."""
    words = ["filmgraph", "query", query.name]
    for parameter, given in _given(query, values):
        words += [f"{parameter.name}={value}" for value in given]
    for host in _hosts(query):
        words += ["--allow-service", host]
    return " ".join(shlex.quote(word) for word in words)


def python_lines(query: Query, values: Values | None = None) -> str:
    """Return the Python that runs a library query, with the example values of its file where none are given."""
    arguments = [json.dumps(query.name)]
    for parameter, given in _given(query, values):
        written = [json.dumps(value, ensure_ascii=False) if _is_text(parameter) else value for value in given]
        together = f"[{', '.join(written)}]" if parameter.many else written[0]
        arguments.append(f"{parameter.name}={together}")
    if hosts := _hosts(query):
        arguments.append(f"allow_services={json.dumps(hosts)}")
    call = f"graph.query({', '.join(arguments)})"
    return f"import filmgraph\n\nwith filmgraph.open() as graph:\n    print({call})\n"


def curl_line(address: str, query: Query, values: Values | None = None) -> str:
    """Return the command that fetches a library query's rows as CSV; ``address`` is that of its page."""
    pairs = [(parameter.name, value) for parameter, given in _given(query, values) for value in given]
    end = f"?{urlencode(pairs)}" if pairs else ""
    return f"curl {shlex.quote(f'{address}.csv{end}')}"


def _given(query: Query, values: Values | None) -> list[tuple[Parameter, list[str]]]:
    """Return the parameters that have a value, with those given, else with the examples."""
    found = [
        (parameter, example_values(query, parameter) if values is None else list(values.get(parameter.name, ())))
        for parameter in query.parameters
    ]
    return [(parameter, given) for parameter, given in found if given]


def _hosts(query: Query) -> list[str]:
    """Return the hosts that a query reaches out to."""
    return list(dict.fromkeys(re.findall(r"SERVICE\s+(?:SILENT\s+)?<https?://([^/>]+)", query.text)))


def _is_text(parameter: Parameter) -> bool:
    return parameter.type not in ("integer", "decimal")


def _as_written(term: str, parameter: Parameter) -> str:
    bare = term[1:-1] if term[:1] in "\"'<" else term
    prefix, _, local = bare.partition(":")
    in_place = prefix == parameter.type or (parameter.type == "concept" and prefix == "technique")
    return local if parameter.is_resource and in_place else bare
