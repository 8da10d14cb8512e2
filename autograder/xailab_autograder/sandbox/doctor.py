"""Does the sandbox hold on this machine? Honest code must work in it, and no attack of the corpus may get through.

- ``run``        ``xailab doctor``: all of it, line by line, with an exit status
- ``examine``    the same as data
- ``Report``     what came of it
- ``self_test``  a few attacks in half a second, before each grading; raises where a wall does not hold
"""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from xailab_autograder.sandbox.attacks import CORPUS
from xailab_autograder.sandbox.attacks.attack import PRELUDE, Attack
from xailab_autograder.sandbox.attacks.firing_range import Range, Verdict, ending_of, said
from xailab_autograder.sandbox.honest import HONEST
from xailab_autograder.sandbox.levels import Layer, Level
from xailab_autograder.sandbox.outcomes import Cell, Returned, Wanted
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.zygote import SandboxError, Zygote

HOLDS, FAILS, IMPOSSIBLE = 0, 1, 2
"""Exit statuses: all holds; honest code fails or an attack gets through; below the minimum, nothing was run."""

_HONEST_S = 60.0


@dataclass(frozen=True)
class Work:
    """What came of a piece of honest code: empty ``fault`` if it works."""

    name: str
    fault: str


@dataclass(frozen=True)
class Report:
    """What came of an examination.

    Parameters
    ----------
    level
        That workers reach.
    reasons
        Why walls are missing.
    honest
        What honest code did.
    verdicts
        What attacks did.
    """

    level: Level
    reasons: dict[str, str]
    honest: tuple[Work, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """Whether honest code works and no attack that a wall of this level should stop got through."""
        return not any(work.fault for work in self.honest) and all(
            verdict.outcome in ("contained", "open") for verdict in self.verdicts
        )


def examine(zygote: Zygote, corpus: Sequence[Attack] = CORPUS) -> Iterator[Work | Verdict]:
    """Yield what honest code does, then what each attack does.

    Parameters
    ----------
    zygote
        Whose workers are examined.
    corpus
        The attacks.
    """
    for name, source in HONEST:
        yield _work(zygote, name, source)
    with Range(zygote) as place:
        for attack in corpus:
            yield place.fire(attack)


def _work(zygote: Zygote, name: str, source: str) -> Work:
    number = secrets.randbelow(2**40) + 7
    with SandboxedStudent(zygote, [Cell("honest", source)], [Wanted("", "answer")]) as student:
        outcome = student.call("answer", [number], limit_s=_HONEST_S)
    return Work(name, "" if ending_of(outcome, number * 2) == "right" else said(outcome)[:500])


def run(
    *, minimum: Level = Level.L1, console: Console, zygote: Zygote | None = None, corpus: Sequence[Attack] = CORPUS
) -> int:
    """Examine this machine, print a line for each piece of code, and return the exit status.

    Parameters
    ----------
    minimum
        Below this level nothing is run.
    console
        Where to print.
    zygote
        Whose workers to examine; None for a new one.
    corpus
        The attacks.
    """
    try:
        with zygote or Zygote(minimum) as own:
            report = _print_all(own, console, corpus)
    except SandboxError as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return IMPOSSIBLE
    _print_summary(report, console)
    return HOLDS if report.holds else FAILS


def _print_all(zygote: Zygote, console: Console, corpus: Sequence[Attack]) -> Report:
    console.print(f"[bold]{escape(str(zygote.level))}[/bold]  (L3 is best)", soft_wrap=True)
    for name, fault in zygote.reasons.items():
        console.print(f"  without {name}: {escape(fault)}", soft_wrap=True)
    found: list[Work | Verdict] = []
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("honest code", total=len(HONEST) + len(corpus))
        for item in examine(zygote, corpus):
            found.append(item)
            progress.console.print(_line(item), soft_wrap=True)
            progress.update(task, advance=1, description=item.name if isinstance(item, Work) else item.attack.name)
    return Report(
        zygote.level,
        dict(zygote.reasons),
        tuple(item for item in found if isinstance(item, Work)),
        tuple(item for item in found if isinstance(item, Verdict)),
    )


def _line(item: Work | Verdict) -> str:
    if isinstance(item, Work):
        state = "[red]does not work[/red]" if item.fault else "[green]works[/green]        "
        return f"{state}  {escape(item.name)}" + (f": {escape(item.fault)}" if item.fault else "")
    colors = {"contained": "green", "open": "yellow", "breach": "red", "unclear": "red"}
    words = {"contained": "stopped", "open": "not stopped", "breach": "BREACH", "unclear": "UNCLEAR"}
    color, word = colors[item.outcome], words[item.outcome]
    detail = "" if item.outcome in ("contained", "open") else f": {escape(item.detail)}"
    return (
        f"[{color}]{word:<13}[/{color}]  {escape(item.attack.name):<28} [dim]{escape(item.attack.tries)}[/dim]{detail}"
    )


def _print_summary(report: Report, console: Console) -> None:
    def count(outcome: str) -> int:
        return sum(verdict.outcome == outcome for verdict in report.verdicts)

    works = sum(not work.fault for work in report.honest)
    text = f"{works} of {len(report.honest)} honest programs work; "
    text += f"{count('contained')} of {len(report.verdicts)} attacks are stopped"
    if count("open"):
        text += f", {count('open')} cannot be stopped at this level"
    console.print(f"\n[bold]{text}[/bold]", soft_wrap=True)
    console.print(report.level.honestly, soft_wrap=True)
    if not report.holds:
        console.print("[red]Do not grade on this machine: the lines in red say why.[/red]", soft_wrap=True)


_SELF_TEST = """
def answer(parts, secret, judge, port, grader, outside):
    def write():
        with open(outside, "w") as file:
            file.write("left behind")
    def fork():
        if os.fork() == 0:
            os._exit(0)
    tries = {
        "files": [("read", lambda: open(secret).read()), ("read", lambda: open(judge).read()), ("write", write),
                  ("look", lambda: open(f"/proc/{grader}/environ", "rb").read())],
        "calls": [("connect", lambda: socket.create_connection(("127.0.0.1", port), 1)), ("fork", fork),
                  ("signal", lambda: os.kill(grader, 0)), ("run", lambda: os.execv("/bin/true", ["true"]))],
        "limits": [("memory", lambda: bytearray(64 << 30))]}
    return {part: [attempt(*pair) for pair in tries[part]] for part in parts}
"""


def self_test(zygote: Zygote) -> None:
    """Try the walls that this level promises, by a few attacks in one worker.

    Parameters
    ----------
    zygote
        Whose workers are tried.

    Raises
    ------
    SandboxError
        A wall does not hold: nothing may be graded here.
    """
    promised = ["limits"]
    promised += ["files"] if Layer.LANDLOCK in zygote.layers else []
    promised += ["calls"] if Layer.SECCOMP in zygote.layers else []
    with (
        tempfile.TemporaryDirectory(prefix="xailab-self-test-") as folder,
        socket.create_server(("127.0.0.1", 0)) as door,
    ):
        secret, outside = Path(folder) / "secret.txt", Path(folder) / "left.txt"
        secret.write_text(secrets.token_hex(16))
        arguments = [promised, str(secret), __file__, door.getsockname()[1], os.getpid(), str(outside)]
        with SandboxedStudent(zygote, [Cell("self-test", PRELUDE + _SELF_TEST)], [Wanted("", "answer")]) as student:
            outcome = student.call("answer", arguments, limit_s=10.0)
        if outside.exists():
            raise SandboxError(
                "the sandbox does not hold on this machine: a file was written outside (xailab doctor says more)"
            )
    if not isinstance(outcome, Returned) or not isinstance(outcome.value, dict) or set(outcome.value) != set(promised):
        raise SandboxError(f"the sandbox's self-test did not run: {said(outcome)[:300]} (xailab doctor says more)")
    for name in promised:
        if ending_of(Returned(outcome.value[name], 0.0), 0) != "stopped":
            text = str(outcome.value[name])[:300]
            raise SandboxError(f"the sandbox does not hold on this machine: {name}: {text} (xailab doctor says more)")
