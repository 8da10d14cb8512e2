"""``python -m xailab_autograder.validity [NN ...] [--seeds 50]``: examine the grading of labs."""

import argparse
import sys

from rich.console import Console

from xailab_autograder import labs
from xailab_autograder.validity.reporting import examine


def main() -> int:
    """Examine the named labs, or all; return 1 if anything is wrong with one."""
    parser = argparse.ArgumentParser(description="Is the grading of these labs valid?")
    parser.add_argument("labs", nargs="*", metavar="NN", help="numbers; default: all")
    parser.add_argument("--seeds", type=int, default=50, help="made-up students on whom no verdict may depend")
    options = parser.parse_args()
    numbers = options.labs or [entry.number for entry in labs.listing()]
    return max([examine(number, seeds=options.seeds, console=Console(soft_wrap=True)) for number in numbers], default=0)


if __name__ == "__main__":
    sys.exit(main())
