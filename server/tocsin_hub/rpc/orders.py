"""OrderService: orders as the hub knows them."""

from typing import Any

from tocsin.v1 import order_service_pb2 as pb
from tocsin.v1 import order_service_pb2_grpc
from tocsin.wire.sequencing import sequencing_to_proto
from tocsin_hub.domain.rows import OrderRow, ThreadRow
from tocsin_hub.rpc.guard import PARTY
from tocsin_hub.service.look_up import LookUp

PAGE, MAX_PAGE = 100, 500


class OrderServicer(order_service_pb2_grpc.OrderServiceServicer):
    """Thin."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up

    async def GetOrder(self, request: pb.GetOrderRequest, context: Any) -> pb.GetOrderResponse:
        """See order_service.proto."""
        order, thread, messages = await self._look_up.order(request.order_id, asker=PARTY.get())
        return pb.GetOrderResponse(
            order=_summary(order, thread),
            messages=[
                pb.LoggedMessage(envelope=one.envelope, sequencing=sequencing_to_proto(one.sequencing))
                for one in messages
            ],
        )

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Any) -> pb.ListOrdersResponse:
        """See order_service.proto."""
        size = min(request.page_size or PAGE, MAX_PAGE)
        orders, token = await self._look_up.orders(
            PARTY.get(), state=request.state, page_token=request.page_token, limit=size
        )
        return pb.ListOrdersResponse(orders=[_summary(*one) for one in orders], next_page_token=token)


def _summary(order: OrderRow, thread: ThreadRow) -> pb.OrderSummary:
    return pb.OrderSummary(
        order_id=order.order_id, root_id=order.root_id, kind=order.kind, sender=order.sender, recipient=order.recipient,
        state=order.state, measure_state=thread.state, accepted_us=order.accepted_us, decided_us=order.decided_us,
        ends_us=thread.ends_us, exercise=order.exercise,
    )  # fmt: skip
