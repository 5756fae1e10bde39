"""A token server: Authlib's, with clients and tokens in memory. Takes a listening socket and answers on it.

POST /token gives tokens by client credentials, and by token exchange (RFC 8693), of which Authlib has no grant of its own: the one here
goes by the text of the RFC and leaves the client's authentication to Authlib. The rest is for the test: GET /state, POST /state.
"""

import os
import socket
import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc6749.errors import InvalidGrantError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from flask import Flask, abort, jsonify, request

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
STATE = {"life": 3600, "down": False, "asked": [], "issued": []}
LOCK = threading.Lock()


class Client(ClientMixin):
    """A client that may use one way to prove to be itself."""

    def __init__(self, identifier, secret, method):
        self.identifier, self.secret, self.method = identifier, secret, method

    def get_client_id(self):
        return self.identifier

    def check_client_secret(self, client_secret):
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_grant_type(self, grant_type):
        return grant_type in ("client_credentials", EXCHANGE)

    def get_allowed_scope(self, scope):
        return scope or ""


CLIENTS = {
    client.identifier: client
    for client in [
        Client("basic-client", "swordfish-basic", "client_secret_basic"),
        Client("post-client", "swordfish-post", "client_secret_post"),
    ]
}


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]


class TokenExchange(BaseGrant, TokenEndpointMixin):
    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def validate_token_request(self):
        self.request.client = self.authenticate_token_endpoint_client()
        form = self.request.form
        if form.get("subject_token_type") != ACCESS_TOKEN or form.get("subject_token", "").count(".") != 2:
            raise InvalidGrantError()

    def create_token_response(self):
        token = self.generate_token(grant_type=EXCHANGE, user=None, scope=None, include_refresh_token=False)
        self.save_token({**token, "issued_token_type": ACCESS_TOKEN})
        return 200, {**token, "issued_token_type": ACCESS_TOKEN}, self.TOKEN_RESPONSE_HEADER


def save_token(token, _):
    STATE["issued"].append(token["access_token"])


app = Flask(__name__)
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
server = AuthorizationServer(app, query_client=CLIENTS.get, save_token=save_token)
server.register_grant(ClientCredentials)
server.register_grant(TokenExchange)
server.register_token_generator(
    "default",
    lambda **_: {
        "token_type": "Bearer",
        "access_token": "swordfish-token-" + os.urandom(12).hex(),
        "expires_in": STATE["life"],
    },
)


@app.post("/token")
def token():
    with LOCK:
        STATE["asked"].append(request.form.to_dict())
        if STATE["down"]:
            abort(503)
        return server.create_token_response()


@app.route("/state", methods=["GET", "POST"])
def state():
    with LOCK:
        if request.method == "POST":
            STATE.update(request.json)
        return jsonify(STATE)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


listener = socket.socket(fileno=int(sys.argv[1]))
httpd = Threads(listener.getsockname(), Quiet, bind_and_activate=False)
httpd.socket = listener
httpd.server_name, httpd.server_port = listener.getsockname()
httpd.setup_environ()
httpd.set_app(app)
httpd.serve_forever()
