"""The examination as a report: what was tried, what is wrong, which mutants live and why that is right.

- ``examine``  one lab, everything -> exit code
"""

from collections import Counter

from rich.console import Console
from tqdm import tqdm

from xailab_autograder import labs
from xailab_autograder.exercises import Lab
from xailab_autograder.sandbox.zygote import Zygote
from xailab_autograder.validity.examining import Survival, flickering, functions, mistakes, rights, survivors
from xailab_autograder.validity.mutating import mutants

KILLED_AT_LEAST = 0.95


def examine(number: str, *, seeds: int, console: Console) -> int:
    """Examine one lab's grading and print what came of it; return 1 if anything is wrong.

    Parameters
    ----------
    number
        The lab's.
    seeds
        How many made-up students the verdicts must not depend on.
    console
        Where to print.
    """
    lab = labs.load(number)
    console.print(f"[bold]Lab {lab.number}, {lab.title}[/bold]")
    with Zygote() as zygote:
        wrong = rights(lab, labs.variants(number), zygote)
        console.print(f"  right solutions, written independently: {_verdict(wrong)}")
        unnamed = mistakes(lab)
        known = sum(len(task.misconceptions) for task in functions(lab))
        console.print(f"  {known} misconceptions, each rejected by its own name: {_verdict(unnamed)}")
        flicker = flickering(lab, seeds=range(seeds))
        console.print(f"  {seeds} seeds, the same verdicts: {_verdict(flicker)}")
        bar = tqdm(total=_mutants(lab), desc="mutants", unit="", leave=False)
        tried, alive = survivors(lab, zygote, progress=lambda _: bar.update())
        bar.close()
    unjustified = _unjustified(number, alive)
    killed = 1 - len(alive) / max(tried, 1)
    alive_by = Counter(survival.exercise for survival in alive)
    console.print(f"  mutants: {tried} tried, {killed:.1%} killed; alive by exercise: {dict(alive_by) or 'none'}")
    problems = [*wrong, *unnamed, *flicker, *unjustified]
    if killed < KILLED_AT_LEAST:
        problems.append(f"{killed:.1%} of the mutants are killed, expected {KILLED_AT_LEAST:.0%}")
    for problem in problems:
        console.print(f"  [red]x[/red] {problem}", highlight=False, markup=True)
    return 1 if problems else 0


def _verdict(problems: list[str]) -> str:
    return f"{len(problems)} problems" if problems else "yes"


def _mutants(lab: Lab) -> int:
    return sum(len(mutants(task.reference)) for task in functions(lab))


def _unjustified(number: str, alive: list[Survival]) -> list[str]:
    """Return the survivors that nobody has explained in the lab's ``EQUIVALENT``."""
    explained = labs.equivalent(number)
    return [
        f"{survival.exercise}: a mutant lives: {survival.mutant.change}"
        for survival in alive
        if survival.mutant.change not in explained.get(survival.exercise, {})
    ]
