"""Bus names and network addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.address import MAX_BUS_NAME, bus_name, host, host_port, is_ip, join_host_port
from tocsin.core.errors import Malformed


@pytest.mark.parametrize("name", ["tocsin.example", "a", "bus-1.hubei.example", "x" * MAX_BUS_NAME])
def test_a_bus_name_is_a_trust_domain(name):
    assert bus_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Tocsin.example", "tocsin_example", "-a", "a.", "a b", "a/b", "a\n", "公安", "x" * (MAX_BUS_NAME + 1)]
)
def test_what_could_not_stand_in_a_certificate_is_no_bus_name(name):
    with pytest.raises(Malformed) as caught:
        bus_name(name, field="audience")
    assert caught.value.facts["field"] == "audience"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hub.example:7443", ("hub.example", 7443)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_an_address_is_read_and_written_back(text, expected):
    assert host_port(text, field="listen") == expected
    assert join_host_port(*expected) == text


@pytest.mark.parametrize(
    "text",
    ["", "hub.example", ":7443", "hub.example:", "hub.example:65536", "hub.example:07443", "hub.example:+1", "a b:1",
     "2001:db8::1:7443", "[127.0.0.1]:1", "[::1]", "[hub.example]:1", "[fe80::1%eth0]:1", "256.1.1.1:1", "-a:1",
     "hub.example:٣", "hub.example:1\n", f"{'a.' * 127}a:1", f"{'a' * 64}:1"],
)  # fmt: skip
def test_what_cannot_be_dialled_is_no_address(text):
    with pytest.raises(Malformed) as caught:
        host_port(text, field="listen")
    assert caught.value.facts["field"] == "listen"


@given(st.text(max_size=80))
def test_an_address_is_read_or_refused_whatever_the_text(text):
    try:
        name, port = host_port(text, field="listen")
    except Malformed:
        return
    assert 0 <= port <= 0xFFFF
    assert join_host_port(name, port) == text
    assert host(name, field="listen") == name


@pytest.mark.parametrize("text", ["hub.example", "HUB.example", "127.0.0.1", "::1"])
def test_a_host_is_a_name_or_an_address(text):
    assert host(text, field="hosts") == text
    assert is_ip(text) == (text in ("127.0.0.1", "::1"))


@pytest.mark.parametrize("text", ["", "[::1]", "hub.example:1", "*.example", "1.2.3", "a..b", "名.example"])
def test_another_host_is_refused(text):
    with pytest.raises(Malformed):
        host(text, field="hosts")
