"""A SOAP service under spyne, for SOAP 1.1 and 1.2: arguments of every kind come back as they were read.

Run in `.venv-soap` with the descriptor of a listening socket: `soap_server.py 3 1.1`.
"""

import datetime
import socket
import sys
from decimal import Decimal
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from spyne import (
    AnyDict,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Double,
    Enum,
    Fault,
    Integer,
    Iterable,
    Long,
    ServiceBase,
    Unicode,
    XmlAttribute,
    rpc,
)
from spyne.model.primitive import Decimal as SpyneDecimal
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

NAMESPACE = "urn:hubd:test"
Color = Enum("red", "green", "blue", type_name="Color")


class Credentials(ComplexModel):
    """What a header carries."""

    __namespace__ = NAMESPACE
    user = Unicode(min_occurs=1, nillable=False)
    token = Unicode(min_occurs=1, nillable=False)


class Item(ComplexModel):
    """Something with an attribute, a nil and a nested list."""

    __namespace__ = NAMESPACE
    id = XmlAttribute(Unicode)
    name = Unicode(min_occurs=1, nillable=False)
    price = SpyneDecimal
    count = Long
    ratio = Double
    color = Color
    made = Date
    changed = DateTime
    blob = ByteArray
    active = Boolean
    notes = Unicode(max_occurs="unbounded")


class Tree(ComplexModel):
    """Something that holds itself."""

    __namespace__ = NAMESPACE
    name = Unicode


Tree.append_field("children", Array(Tree))


class EchoService(ServiceBase):
    """What the tests call."""

    __in_header__ = Credentials

    @rpc(Item, _returns=Item)
    def echo_item(ctx, item):
        return item

    @rpc(Array(Item), _returns=Array(Item))
    def echo_items(ctx, items):
        return items

    @rpc(Tree, _returns=Tree)
    def echo_tree(ctx, tree):
        return tree

    @rpc(Unicode, Integer, _returns=Iterable(Unicode))
    def say(ctx, words, times):
        return [words] * (times or 1)

    @rpc(Unicode(nillable=True), _returns=Unicode)
    def kind(ctx, value):
        return "nil" if value is None else f"text of {len(value)}"

    @rpc(Integer, Integer, _returns=SpyneDecimal)
    def divide(ctx, a, b):
        if not b:
            raise Fault("Client.DivisionByZero", "b must not be 0", detail={"a": str(a)})
        return Decimal(a) / b

    @rpc(_returns=Unicode)
    def who(ctx):
        header = ctx.in_header
        return f"{header.user}:{header.token}" if header else "nobody"

    @rpc(_returns=DateTime)
    def epoch(ctx):
        return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def main() -> None:
    listener, version = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    protocol = {"1.1": Soap11, "1.2": Soap12}[version]
    application = Application(
        [EchoService], NAMESPACE, name="Echo", in_protocol=protocol(validator="lxml"), out_protocol=protocol()
    )
    server = WSGIServer(listener.getsockname(), Quiet, bind_and_activate=False)
    server.socket = listener
    server.server_name, server.server_port = "127.0.0.1", listener.getsockname()[1]
    server.setup_environ()
    server.set_app(WsgiApplication(application))
    server.serve_forever()


main()
