"""The gateways that are held against hubd on plain HTTP: configured for the same job, otherwise as they come."""

import json
from collections.abc import Callable
from pathlib import Path

from programs import Program, free_port


class Proxy(Program):
    """A gateway before one upstream, on as many threads or processes as there are cores for it."""

    def __init__(self, name: str, make: Callable[[Path], list], folder: Path, cores: str | None):
        self.port = free_port()
        mine = folder / name
        mine.mkdir()
        super().__init__(name, make(mine), mine, cores)


class Nginx(Proxy):
    """nginx with kept connections to the upstream; for streams it does not buffer."""

    def __init__(self, upstream: int, threads: int, folder: Path, cores: str | None = None, is_streaming=False):
        def make(mine: Path) -> list:
            configuration = mine / "nginx.conf"
            places = "".join(f"{kind}_temp_path {mine}/{kind};\n" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            configuration.write_text(f"""
                daemon off;
                worker_processes {threads};
                pid {mine}/nginx.pid;
                error_log stderr warn;
                events {{ worker_connections 4096; }}
                http {{
                    access_log off;
                    keepalive_requests 1000000000;
                    keepalive_timeout 300s;
                    {places}
                    upstream bench {{
                        server 127.0.0.1:{upstream};
                        keepalive 256;
                        keepalive_requests 1000000000;
                    }}
                    server {{
                        listen 127.0.0.1:{self.port};
                        location / {{
                            proxy_pass http://bench;
                            proxy_http_version 1.1;
                            proxy_set_header connection "";
                            proxy_buffering {'off' if is_streaming else 'on'};
                        }}
                    }}
                }}
                """)
            return ["nginx", "-e", "stderr", "-c", configuration]

        super().__init__("nginx-proxy", make, folder, cores)


class HAProxy(Proxy):
    """haproxy, which shares connections to the upstream between callers; for streams it does not wait for more of a chunk."""

    def __init__(self, upstream: int, threads: int, folder: Path, cores: str | None = None, is_streaming=False):
        def make(mine: Path) -> list:
            configuration = mine / "haproxy.cfg"
            configuration.write_text(
                f"global\n"
                f"    nbthread {threads}\n"
                f"    maxconn 4096\n"
                f"defaults\n"
                f"    mode http\n"
                f"    http-reuse always\n"
                f"    {'option http-no-delay' if is_streaming else ''}\n"
                f"    timeout connect 5s\n"
                f"    timeout client 300s\n"
                f"    timeout server 300s\n"
                f"frontend callers\n"
                f"    bind 127.0.0.1:{self.port}\n"
                f"    default_backend bench\n"
                f"backend bench\n"
                f"    server one 127.0.0.1:{upstream}\n"
            )
            return ["haproxy", "-db", "-f", configuration]

        super().__init__("haproxy", make, folder, cores)


class Envoy(Proxy):
    """Envoy with one listener, HTTP/1.1 on both sides, no access log, no limit on the length of a stream."""

    def __init__(self, binary: Path, upstream: int, threads: int, folder: Path, cores: str | None = None):
        kinds = "type.googleapis.com/envoy.extensions.filters"

        def address(port: int) -> dict:
            return {"socket_address": {"address": "127.0.0.1", "port_value": port}}

        def make(mine: Path) -> list:
            router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{kinds}.http.router.v3.Router"}}
            route = {"match": {"prefix": "/"}, "route": {"cluster": "bench", "timeout": "0s"}}
            manager = {
                "@type": f"{kinds}.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "callers",
                "codec_type": "HTTP1",
                "http_filters": [router],
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
            }
            filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
            endpoint = {"endpoint": {"address": address(upstream)}}
            cluster = {
                "name": "bench",
                "type": "STATIC",
                "load_assignment": {"cluster_name": "bench", "endpoints": [{"lb_endpoints": [endpoint]}]},
            }
            listener = {"name": "callers", "address": address(self.port), "filter_chains": [{"filters": filters}]}
            configuration = mine / "envoy.json"
            configuration.write_text(json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}}))
            command = [binary, "--concurrency", threads, "--disable-hot-restart", "--log-level", "error"]
            return [*command, "-c", configuration]

        super().__init__("envoy", make, folder, cores)
