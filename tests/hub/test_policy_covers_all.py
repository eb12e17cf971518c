"""Deny by default, proved over the contract itself: every rpc and every kind has its row, and no row is for something else."""

import importlib
import re
from pathlib import Path

import pytest

import tocsin.core.directory_messages
import tocsin.core.orders  # noqa: F401  # loads every kind
from tocsin.core.errors import Reason
from tocsin.core.message import KINDS
from tocsin.core.policy import Caller, Policy, default_document

POLICY = Policy.parse(default_document())
MODULES = [
    importlib.import_module(f"tocsin.v1.{path.stem}_pb2")
    for path in sorted((Path(__file__).parents[2] / "proto/tocsin/v1").glob("*_service.proto"))
]
RPCS = {
    f"{service.full_name}/{method.name}"
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
PROTOS = Path(__file__).parents[2] / "proto" / "tocsin" / "v1"


def test_every_rpc_of_the_contract_has_a_row():
    assert {name for name in POLICY.rpcs if name.startswith("tocsin.")} == RPCS


def test_only_the_operator_s_socket_has_the_operator_s_rpcs():
    operator = {name for name, caller in POLICY.rpcs.items() if caller is Caller.OPERATOR}
    assert operator == {name for name in RPCS if "AdminService" in name}
    anyone = {name for name, caller in POLICY.rpcs.items() if caller is Caller.ANYONE}
    assert anyone == {name for name in RPCS if "EnrolmentService" in name}


def test_every_kind_has_a_row_and_every_row_a_kind():
    assert set(POLICY.kinds) == set(KINDS)


@pytest.mark.parametrize("path", sorted(PROTOS.glob("*_service.proto")), ids=lambda p: p.stem)
def test_every_rpc_lists_its_reasons_and_each_exists(path):
    text = path.read_text()
    for comment, name in re.findall(r"((?:  //[^\n]*\n)+)  rpc (\w+)", text):
        assert "easons" in comment, f"{name} names no reasons"
        for reason in re.findall(r"\b[A-Z]{2,}(?:_[A-Z]+)+\b", comment):
            assert reason in Reason.__members__, f"{name} names {reason}"
