"""Values that cannot be compared break the rule that compares them: so SHACL has it, and so pySHACL is made to.

By itself pySHACL makes an error of a blank node under ``sh:lessThan``, and of NaN beside a decimal number: one such
value would end the judgement of everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import product
from typing import Any

__all__ = ["report_incomparable"]

_PAIRS = ("_compare_lt", "_compare_ltoe")
_RANGES = ("_evaluate_min_rule", "_evaluate_max_rule")


@cache
def report_incomparable() -> None:
    """Have pySHACL report what it cannot compare; done once in a process."""
    from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP

    for parameter, component in list(CONSTRAINT_PARAMETERS_MAP.items()):
        methods = {name: _pairwise(getattr(component, name)) for name in _PAIRS if hasattr(component, name)}
        methods |= {name: _one_by_one(getattr(component, name)) for name in _RANGES if hasattr(component, name)}
        if methods:
            CONSTRAINT_PARAMETERS_MAP[parameter] = type(component.__name__, (component,), methods)


def _pairwise(compare: Callable[..., Any]) -> Callable[..., Any]:
    def compared(self: Any, values: Iterable[Any], others: Iterable[Any], graph: Any, focus: Any) -> Any:
        reports: list[Any] = []
        for value, other in product(values, others):
            reports += _reported(self, graph, focus, value, partial(compare, self, [value], [other], graph, focus))
        return bool(reports), reports

    return compared


def _one_by_one(compare: Callable[..., Any]) -> Callable[..., Any]:
    def compared(self: Any, bound: Any, graph: Any, values: Mapping[Any, Iterable[Any]]) -> Any:
        reports: list[Any] = []
        for focus, value in ((focus, value) for focus, some in values.items() for value in some):
            reports += _reported(self, graph, focus, value, partial(compare, self, bound, graph, {focus: [value]}))
        return bool(reports), reports

    return compared


def _reported(component: Any, graph: Any, focus: Any, value: Any, compare: Callable[[], Any]) -> list[Any]:
    """Return what comparing one value reports: the value itself, where it cannot be compared."""
    from pyshacl.errors import ReportableRuntimeError

    try:
        _is_broken, reports = compare()
    except (ReportableRuntimeError, ArithmeticError, TypeError):
        return [component.make_v_result(graph, focus, value_node=value)]
    return list(reports)
