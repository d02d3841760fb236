"""`slimcam nets`."""

from slimcam.nets import NETS


def test_nets_lists_every_net(run):
    result = run("nets")
    assert result.status == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    for net in NETS.values():
        assert [net.name, str(net.size), str(net.classes), net.preprocess, net.layer] in rows
