"""Arguments as trusted functions take them."""

import torch
from xailab_autograder.judging.materials import materialize
from xailab_autograder.sandbox.values import NetworkHandle


def test_what_one_call_does_to_a_network_the_next_does_not_see():
    (first,) = materialize([NetworkHandle("random:3")])
    with torch.no_grad():
        first.module.conv1.conv.weight.zero_()
    first.module.train()
    (second,) = materialize([NetworkHandle("random:3")])
    assert second.module.conv1.conv.weight.abs().max() > 0
    assert not second.module.training
