"""What is shown on stderr while a map is made.

- ``Bar``  a progress bar with the KL divergence, and a word on compiling
"""

import sys
from types import TracebackType

from tqdm import tqdm
from xailab_kernels.compiling import CompileTime

_COMPILING = "compiling kernels, once per installation"
_WORTH_SAYING_S = 0.5


class Bar:
    """A progress bar; also measures how long kernels are compiled meanwhile.

    Parameters
    ----------
    shown
        None: where stderr is a terminal.
    iterations
        How many there will be.
    """

    def __init__(self, shown: bool | None, iterations: int) -> None:
        hidden = None if shown is None else not shown
        self._bar: tqdm[None] = tqdm(desc="t-SNE", unit="it", total=iterations, disable=hidden, file=sys.stderr)
        self._title = "t-SNE"
        self._clock = _AnnouncedCompileTime(self)

    def __enter__(self) -> "Bar":
        """Show the bar and start to listen for compilers."""
        self._clock.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._clock.__exit__(kind, error, trace)
        shown = not self._bar.disable
        self._bar.close()
        if shown and self.compile_s >= _WORTH_SAYING_S:
            tqdm.write(f"kernels were compiled for {self.compile_s:.1f} s, once per installation", file=sys.stderr)

    @property
    def compile_s(self) -> float:
        """Seconds spent compiling so far."""
        return self._clock.seconds

    def stage(self, title: str) -> None:
        """Say what is being done."""
        self._title = title
        self._bar.set_description(title)

    def advance(self, iterations: int) -> None:
        """Count iterations."""
        self._bar.update(iterations)

    def show(self, divergence: float) -> None:
        """Show the KL divergence."""
        self._bar.set_postfix(KL=f"{divergence:.4f}")

    def compiling(self, *, begins: bool) -> None:
        """Say that the compiler works, or no longer does."""
        self._bar.set_description(_COMPILING if begins else self._title)


class _AnnouncedCompileTime(CompileTime):
    """Tells a bar when it starts and stops."""

    def __init__(self, bar: Bar) -> None:
        super().__init__()
        self._shown_by = bar

    def begins(self) -> None:
        if self._depth == 0:
            self._shown_by.compiling(begins=True)
        super().begins()

    def ends(self) -> None:
        super().ends()
        if self._depth == 0:
            self._shown_by.compiling(begins=False)
