"""hub.toml: complete, explained, and refused by entry."""

import dataclasses
import tomllib

import pytest

from tocsin.core.errors import LocalFault, Reason
from tocsin.core.texts import label
from tocsin_hub.config import HubConfig, HubPaths, load_config, render_config

CONFIG = HubConfig(
    bus="tocsin.example", listen="192.0.2.1:7443", advertise="hub.example", rate_per_s=1.5, reflection=True
)


def refused(root, entry):
    with pytest.raises(LocalFault) as caught:
        load_config(root)
    failure = caught.value
    assert failure.reason is Reason.SETUP_INVALID
    assert failure.facts["field"] == entry
    assert str(root) not in str(failure)
    assert label(failure.facts["rule"], "zh") != failure.facts["rule"]
    return failure


def write(root, text):
    HubPaths(root).config.write_text(text)


def test_a_configuration_is_read_back_as_it_was_written(tmp_path):
    write(tmp_path, render_config(CONFIG))
    assert load_config(tmp_path) == CONFIG


def test_every_entry_stands_in_the_file_below_what_it_is():
    lines = render_config(CONFIG).splitlines()
    for one in dataclasses.fields(HubConfig):
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{one.name} = "))
        assert lines[at - 1].startswith("# ")
        assert label(one.metadata["rule"], "zh") != one.metadata["rule"]
    assert set(tomllib.loads("\n".join(lines))) == {one.name for one in dataclasses.fields(HubConfig)}


def test_entries_left_out_take_their_defaults(tmp_path):
    write(tmp_path, 'bus = "tocsin.example"')
    assert load_config(tmp_path) == HubConfig(bus="tocsin.example")


def test_a_whole_number_may_stand_for_a_decimal(tmp_path):
    write(tmp_path, 'bus = "tocsin.example"\nheartbeat_seconds = 2')
    assert load_config(tmp_path).heartbeat_seconds == 2


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ('bus = ""', "bus"), ('bus = "Tocsin"', "bus"), ("bus = 1", "bus"), ("epoch = 0", "epoch"),
        ("epoch = true", "epoch"), ("epoch = 1.0", "epoch"), ("listen = 7443", "listen"), ('listen = ":7443"', "listen"),
        ('enrol_listen = "hub"', "enrol_listen"), ('advertise = "hub:7443"', "advertise"),
        ('advertise = "0.0.0.0"', "advertise"), ("rate_per_s = 0", "rate_per_s"), ("rate_per_s = inf", "rate_per_s"),
        ("rate_per_s = nan", "rate_per_s"), ("rate_per_s = -1.0", "rate_per_s"), ("burst = 0", "burst"),
        ("burst = 1.5", "burst"), ('burst = "9"', "burst"), ("mailbox_limit = -1", "mailbox_limit"),
        ('metrics_listen = "9100"', "metrics_listen"), ("reflection = 1", "reflection"),
        ('reflection = "yes"', "reflection"), ("heartbeat_seconds = 0", "heartbeat_seconds"),
        ("heartbeat_seconds = 61", "heartbeat_seconds"), ("heartbeat_secs = 5", "heartbeat_secs"),
        ("[limits]", "limits"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named_with_its_rule(tmp_path, line, entry):
    write(tmp_path, line if entry == "bus" else f'bus = "tocsin.example"\n{line}')
    refused(tmp_path, f"hub.toml: {entry}")


def test_a_hub_on_every_address_must_say_by_which_it_is_reached(tmp_path):
    for listen in ("0.0.0.0:7443", "[::]:7443"):
        write(tmp_path, f'bus = "tocsin.example"\nlisten = "{listen}"')
        refused(tmp_path, "hub.toml: advertise")
        write(tmp_path, f'bus = "tocsin.example"\nlisten = "{listen}"\nadvertise = "hub.example"')
        assert load_config(tmp_path).advertised(7443) == "hub.example:7443"


def test_the_bus_must_be_named(tmp_path):
    write(tmp_path, "")
    refused(tmp_path, "hub.toml: bus")


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path):
    write(tmp_path, 'bus = "tocsin.example"\nlisten = = 1\n')
    assert "line 2" in str(refused(tmp_path, "hub.toml"))
    HubPaths(tmp_path).config.write_bytes(b"bus = '\xff'")
    refused(tmp_path, "hub.toml")


def test_a_directory_without_configuration_is_no_hub(tmp_path):
    refused(tmp_path, "hub-directory")
    refused(tmp_path / "nowhere", "hub-directory")


def test_members_are_told_the_advertised_host_or_else_the_listening_one():
    assert CONFIG.advertised(1) == "hub.example:1"
    assert dataclasses.replace(CONFIG, advertise="").advertised(1) == "192.0.2.1:1"
    assert dataclasses.replace(CONFIG, advertise="2001:db8::1").advertised(1) == "[2001:db8::1]:1"
    assert dataclasses.replace(CONFIG, advertise="", listen="[2001:db8::2]:0").advertised(9) == "[2001:db8::2]:9"


def test_a_configuration_that_is_not_valid_cannot_be_made():
    with pytest.raises(LocalFault):
        dataclasses.replace(CONFIG, burst=0)


def test_nothing_of_a_hub_lies_outside_its_directory(tmp_path):
    names = [name for name, one in vars(HubPaths).items() if isinstance(one, property)]
    found = {getattr(HubPaths(tmp_path), name) for name in names} | {HubPaths(tmp_path).root_key(1)}
    assert len(found) == len(names) + 1
    assert all(path.is_relative_to(tmp_path) for path in found)
