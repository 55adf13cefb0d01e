"""A page of another site with the whole of YASGUI on it, for the tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from filmgraph.web import vendor

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/yasgui.min.css"></head>
<body><div id="yasgui"></div><script src="/yasgui.min.js"></script><script>
Yasgui.Yasqe.defaults.autocompleters = [];
Yasgui.Yasqe.defaults.value = "SELECT * WHERE { ?s ?p ?o } LIMIT 10";
new Yasgui(document.getElementById("yasgui"), {
  requestConfig: { endpoint: "ENDPOINT" }, persistenceId: null,
});
</script></body></html>"""


@contextmanager
def elsewhere(site: str) -> Iterator[str]:
    """Serve the page at an origin of its own, asking the endpoint of a site; yield its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = vendor.SITE / self.path.strip("/")
            is_file = file.name in ("yasgui.min.js", "yasgui.min.css")
            body = file.read_bytes() if is_file else PAGE.replace("ENDPOINT", f"{site}/sparql").encode()
            kind = {".js": "text/javascript", ".css": "text/css"}.get(file.suffix if is_file else "", "text/html")
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)
