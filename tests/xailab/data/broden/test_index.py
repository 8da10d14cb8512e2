import hashlib

from xailab.data.broden.index import TRAIN_FRACTION, split_fraction


def test_split_fraction_is_the_start_of_the_md5():
    digits = hashlib.md5(b"ade20k/ADE_train_00000001.jpg").hexdigest()[:16]
    assert split_fraction("ade20k/ADE_train_00000001.jpg") == int(digits, 16) / 2**64


def test_split_fractions_spread_over_the_unit_interval():
    fractions = [split_fraction(f"dtd/{number}.jpg") for number in range(2000)]
    assert all(0 <= fraction < 1 for fraction in fractions)
    assert abs(sum(fraction <= TRAIN_FRACTION for fraction in fractions) / 2000 - 0.7) < 0.04
