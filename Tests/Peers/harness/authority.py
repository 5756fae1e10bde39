"""An authorization server built on Authlib: metadata (RFC 8414), registration (RFC 7591), authorization codes with PKCE (RFC 7636), the
issuer in the answer (RFC 9207), refresh tokens, and JWT access tokens (RFC 9068).

Authlib has no resource indicators (RFC 8707): the `resource` of both requests is kept with the code here, compared, and becomes `aud`.
Whoever comes is Alice, and agrees to everything.
"""

import os
import threading
from dataclasses import dataclass, field

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

from harness.issuer import rsa_key, signed

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # everything talks over loopback


@dataclass
class Client(ClientMixin):
    """A client that registered itself."""

    identifier: str
    secret: str
    metadata: dict
    authority: "Authority"

    def get_client_id(self):
        return self.identifier

    def get_default_redirect_uri(self):
        return self.metadata["redirect_uris"][0]

    def get_allowed_scope(self, scope):
        return " ".join(name for name in (scope or "").split() if name in self.authority.granted)

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri in self.metadata["redirect_uris"]

    def check_client_secret(self, client_secret):
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.metadata.get("token_endpoint_auth_method", "client_secret_basic")

    def check_response_type(self, response_type):
        return response_type in self.metadata.get("response_types", ["code"])

    def check_grant_type(self, grant_type):
        return grant_type in self.metadata.get("grant_types", ["authorization_code"])


@dataclass
class User:
    """The one user."""

    identifier: str = "alice"

    def get_user_id(self):
        return self.identifier


@dataclass
class Grant:
    """What a code or a refresh token stands for."""

    client: str
    redirect_uri: str
    scope: str
    resource: str | None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    user: User = field(default_factory=User)

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def check_client(self, client):
        return client.get_client_id() == self.client


class Authority:
    """The server, with what it was asked (`requests`: path and form) and what it issued (`tokens`).

    `granted` is the scopes that it gives, whatever is asked for, and `lifetime` what it says of how long a token is good.
    """

    def __init__(self, scopes: set[str]):
        self.scopes = scopes
        self.granted = set(scopes)
        self.lifetime = 600
        self.key = rsa_key("as1")
        self.clients: dict[str, Client] = {}
        self.codes: dict[str, Grant] = {}
        self.refreshes: dict[str, Grant] = {}
        self.requests: list[tuple[str, dict]] = []
        self.tokens: list[str] = []
        self.published = None  # metadata in place of its own
        self.elsewhere = None  # status, type and text at the place of RFC 8414, with the metadata at that of OpenID Connect alone
        app = flask.Flask("authority")
        self._serve(app)
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self._register(AuthorizationServer(app, self.clients.get, self._save))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Listens no longer."""
        self.server.shutdown()
        self.server.server_close()

    def issue(self, audience: str | list | None, scope: str | None = None, **changes) -> str:
        """A token as the server would issue it to a client called `c1`, without anybody's asking."""
        claims = {"iss": self.issuer, "client_id": "c1", "azp": None, "realm_access": None, "scope": scope, **changes}
        return signed(key=self.key, typ="at+jwt", aud=audience, **claims)

    @property
    def metadata(self) -> dict:
        """What the server says of itself."""
        own = AuthorizationServerMetadata(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            registration_endpoint=f"{self.issuer}/register",
            jwks_uri=f"{self.issuer}/keys",
            scopes_supported=sorted(self.scopes),
            response_types_supported=["code"],
            grant_types_supported=["authorization_code", "refresh_token"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post", "none"],
            code_challenge_methods_supported=["S256"],
        )
        own.validate()
        return {**own, "authorization_response_iss_parameter_supported": True}

    def _save(self, token, request) -> None:
        self.tokens.append(token["access_token"])
        if "refresh_token" in token:
            client = request.client.get_client_id()
            self.refreshes[token["refresh_token"]] = Grant(client, "", token.get("scope", ""), flask.g.resource)

    def _serve(self, app: flask.Flask) -> None:
        @app.before_request
        def note():
            self.requests.append((flask.request.path, flask.request.values.to_dict()))

        @app.get("/.well-known/oauth-authorization-server")
        def metadata():
            if self.elsewhere:
                status, kind, text = self.elsewhere
                return flask.Response(text, status, content_type=kind)
            return self.published or self.metadata

        @app.get("/.well-known/openid-configuration")
        def openid():
            return self.metadata if self.elsewhere else flask.abort(404)

        @app.get("/keys")
        def keys():
            return {"keys": [self.key.public]}

        @app.post("/register")
        def register():
            return self.protocol.create_endpoint_response("client_registration")

        @app.get("/authorize")
        def authorize():
            try:
                grant = self.protocol.get_consent_grant(end_user=User())
            except OAuth2Error as error:
                return self.protocol.handle_error_response(None, error)
            return self.protocol.create_authorization_response(grant_user=User(), grant=grant)

        @app.post("/token")
        def token():
            return self.protocol.create_token_response()

    def _register(self, protocol: AuthorizationServer) -> None:
        self.protocol = protocol
        authority = self

        class Codes(AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]

            def save_authorization_code(self, code, request):
                asked = request.payload.data
                scope = request.client.get_allowed_scope(request.payload.scope)
                kept = (asked.get("resource"), asked.get("code_challenge"), asked.get("code_challenge_method"))
                authority.codes[code] = Grant(request.client.get_client_id(), request.payload.redirect_uri, scope, *kept)

            def query_authorization_code(self, code, client):
                grant = authority.codes.get(code)
                if grant is None or not grant.check_client(client):
                    return None
                authority._bind(grant, self.request)
                return grant

            def delete_authorization_code(self, authorization_code):
                authority.codes = {code: grant for code, grant in authority.codes.items() if grant is not authorization_code}

            def authenticate_user(self, authorization_code):
                return authorization_code.user

        class Refreshes(RefreshTokenGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = Codes.TOKEN_ENDPOINT_AUTH_METHODS
            INCLUDE_NEW_REFRESH_TOKEN = True

            def authenticate_refresh_token(self, refresh_token):
                grant = authority.refreshes.get(refresh_token)
                if grant is not None:
                    authority._bind(grant, self.request)
                return grant

            def authenticate_user(self, refresh_token):
                return refresh_token.user

            def revoke_old_credential(self, refresh_token):
                authority.refreshes = {text: grant for text, grant in authority.refreshes.items() if grant is not refresh_token}

        class Tokens(JWTBearerTokenGenerator):
            def get_jwks(self):
                return KeySet([RSAKey.import_key(authority.key.private, {"kid": authority.key.name})])

            def get_audiences(self, client, user, scope):
                return flask.g.resource or client.get_client_id()

        class Registration(ClientRegistrationEndpoint):
            def authenticate_token(self, request):
                return True  # anybody may register

            def get_server_metadata(self):
                return authority.metadata

            def save_client(self, client_info, client_metadata, request):
                client = Client(client_info["client_id"], client_info["client_secret"], client_metadata, authority)
                authority.clients[client.identifier] = client
                return client

        class OwnIssuer(IssuerParameter):
            def get_issuer(self):
                return authority.issuer

        protocol.scopes_supported = sorted(self.scopes)
        protocol.register_grant(Codes, [CodeChallenge(required=True)])
        protocol.register_grant(Refreshes)
        protocol.register_endpoint(Registration(protocol))
        protocol.register_extension(OwnIssuer())
        lifetimes = lambda client, grant_type: self.lifetime  # noqa: E731
        refresh = lambda *_, **__: os.urandom(24).hex()  # noqa: E731
        protocol.register_token_generator("default", Tokens(self.issuer, refresh_token_generator=refresh, expires_generator=lifetimes))

    @staticmethod
    def _bind(grant: Grant, request) -> None:
        """RFC 8707 §2.2: a token is for what was agreed to, whatever the second request says."""
        asked = request.form.get("resource")
        if asked is not None and asked != grant.resource:
            raise InvalidRequestError("invalid_target")
        flask.g.resource = grant.resource


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type, message, *args):
        pass
