"""The random source is frozen, and its forks are independent."""

import numpy as np

from xailab.data.minibroden.randomness import Random, mix


def test_the_stream_is_frozen():
    rng = Random(1)
    assert [rng.bits() for _ in range(2)] == [0x5E41AB087439611E, 0xF18D6CE93D6CF1EE]
    assert Random(1).fork("sky", 2).bits() == 0x8381F2F08A4113DF


def test_mix_is_the_finalizer_of_splitmix64():
    # The first output of splitmix64 with seed 0 mixes the golden gamma (a published test vector).
    assert mix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF


def test_a_fork_does_not_depend_on_what_was_drawn():
    one, other = Random(7), Random(7)
    for _ in range(5):
        one.uniform()
    assert one.fork("a").bits() == other.fork("a").bits() != other.fork("b").bits()


def test_numbers_are_uniform_and_within_their_bounds():
    rng = Random(3)
    numbers = np.array([rng.uniform(-1, 3) for _ in range(20_000)])
    assert numbers.min() >= -1
    assert numbers.max() < 3
    assert abs(numbers.mean() - 1) < 0.03
    assert abs(numbers.std() - 4 / 12**0.5) < 0.02


def test_integers_choices_and_signs_reach_all_values():
    rng = Random(4)
    assert {rng.integer(2, 5) for _ in range(200)} == {2, 3, 4, 5}
    assert {rng.choice("abc") for _ in range(100)} == set("abc")
    assert {rng.sign() for _ in range(50)} == {-1, 1}
    assert not rng.chance(0.0)
    assert rng.chance(1.0)
