"""An explanation for people at a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from app.criteria.phrases import OUTCOMES
from app.criteria.schemas import CriterionExplanation, SetExplanation

MARKS = {"met": "[green]✓[/]", "unmet": "[red]✗[/]", "unknown": "[yellow]?[/]",
         "not_applicable": "[dim]–[/]"}  # fmt: skip


def print_explanation(
    console: Console, name: str, rung: str | None, sets: list[SetExplanation], locale: str
) -> None:
    """One tree per set: its criteria with outcome, sentence and article."""
    console.print(f"[bold]{escape(name)}[/] · {rung or '—'}")
    index = 1 if locale == "en" else 0
    for each in sets:
        outcome = OUTCOMES[each.outcome][index]
        tree = Tree(
            f"{MARKS[each.outcome]} [bold]{each.label[locale]}[/] {each.code} · {outcome} · "
            f"gap {each.gap_count} · {each.readiness:.0%} · {each.document}"
        )
        for criterion in each.criteria:
            _add(tree, criterion, locale)
        console.print(tree)


def _add(tree: Tree, criterion: CriterionExplanation, locale: str) -> None:
    branch = tree.add(
        f"{MARKS[criterion.outcome]} {criterion.id} {criterion.label[locale]} — "
        f"{escape(criterion.sentence[locale])} [dim]{escape(criterion.article)}[/]"
    )
    for member in criterion.members:
        _add(branch, member, locale)
