"""One fetch: what is refused, what is cut off, and what comes through."""

from __future__ import annotations

import datetime
import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from copydesk.pipelines.client import Bounds, Client, FetchError, Hop
from copydesk.transforms.addresses import AddressError, Allowed, Place

Web = Any
Reply = Callable[..., Any]
PATIENT = Bounds(max_bytes=1 << 20, connect_seconds=20, read_seconds=20, total_seconds=60)
HURRIED = Bounds(max_bytes=1 << 20, connect_seconds=20, read_seconds=20, total_seconds=0.6)
GZIPPED = gzip.compress(b"The gate of the barrage opened on Monday, the keeper said. " * 3)
DISGUISES = """
127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 0.0.0.0 0 localhost [::1] [::]
[::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] 127。0。0。1 169.254.169.254
2852039166 [::ffff:169.254.169.254] [fd00:ec2::254] [fe80::1] 10.0.0.1 192.168.0.1
""".split()


@pytest.fixture
def client(web: Web, resolver: Any) -> Client:
    return Client("copydesk-test", Allowed.of([web.host]), PATIENT, resolver)


@pytest.fixture
def hurried(client: Client) -> Client:
    return replace(client, bounds=HURRIED)


def code_of(client: Client, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        client.fetch(url)
    return caught.value.code


def test_an_answer_comes_with_its_headers_as_they_were_sent(client: Client, web: Web, answer: Reply) -> None:
    web.answers["/feed?a=1"] = answer(200, b"hello", etag='W/"caf\xe9"', last_modified="whenever")
    found = client.fetch(f"{web.url}/feed?a=1", {"If-None-Match": 'W/"caf\xe9"'})
    assert (found.status, found.body, found.hops) == (200, b"hello", ())
    assert found.header("etag") == 'W/"caf\xe9"'
    ((_, said),) = web.asked
    assert said["host"] == web.host
    assert said["user-agent"] == "copydesk-test"
    assert said["if-none-match"] == 'W/"caf\xe9"'


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstd.compress), ("deflate", zlib.compress),
     ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data)))],
)  # fmt: skip
def test_answers_are_unpacked(client: Client, web: Web, answer: Reply, encoding: str, pack: Any) -> None:
    web.answers["/"] = answer(200, pack(b"news" * 1000), content_encoding=encoding)
    assert client.fetch(web.url).body == b"news" * 1000


def test_redirects_are_followed_and_remembered(client: Client, web: Web, answer: Reply) -> None:
    web.answers |= {
        "/a": answer(301, b"moved", location="/b"),
        "/b": answer(308, location=f"http://other.test:{web.host.rsplit(':')[-1]}/c"),
    }
    allowed = Allowed.of(["feeds.test", "other.test"])
    web.answers["/c"] = answer(200, b"here")
    found = Client("x", allowed, PATIENT, client.resolve).fetch(f"{web.url}/a")
    assert found.body == b"here"
    assert [(hop.status, hop.target) for hop in found.hops] == [(301, f"{web.url}/b"), (308, found.url)]
    assert found.hops[0] == Hop(f"{web.url}/a", 301, f"{web.url}/b")


def test_an_address_that_is_not_percent_encoded_is_asked_as_a_browser_would(
    client: Client, web: Web, answer: Reply
) -> None:
    web.answers |= {
        "/": answer(302, location="/Zürich 1".encode().decode("latin-1")),
        "/Z%C3%BCrich%201": answer(200, b"ok"),
    }
    assert client.fetch(web.url).body == b"ok"


def test_five_redirects_are_followed_and_six_are_not(client: Client, web: Web, answer: Reply) -> None:
    web.answers |= {f"/{n}": answer(302, location=f"/{n + 1}") for n in range(6)}
    web.answers["/5"] = answer(200, b"end")
    assert client.fetch(f"{web.url}/0").body == b"end"
    web.answers["/5"] = answer(302, location="/0")
    assert code_of(client, f"{web.url}/0") == "redirects"


@pytest.mark.parametrize("host", DISGUISES)
def test_no_redirect_leads_inside(client: Client, web: Web, answer: Reply, host: str) -> None:
    web.answers["/"] = answer(302, location=f"http://{host}/latest/meta-data".encode().decode("latin-1"))
    assert code_of(client, web.url) == "address"
    assert code_of(client, f"http://{host}/") == "address"
    assert web.paths() == ["/"]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://feeds.test/x", "//user:secret@feeds.test/", "http://[", "gopher://a.test/"]
)
def test_redirects_to_no_web_address_are_refused(client: Client, web: Web, answer: Reply, target: str) -> None:
    web.answers["/"] = answer(301, location=target)
    assert code_of(client, web.url) == "address"


def test_other_ports_of_an_allowed_host_stay_shut(client: Client, web: Web) -> None:
    assert code_of(client, "http://feeds.test:22/") == "address"
    assert code_of(client, "http://feeds.test/") == "address"  # port 80 of 127.0.0.1


class Loopback(Allowed):
    """In which 127.0.0.1 is a public address, and all others are private."""

    def check_port(self, place: Place) -> None:
        pass

    def check(self, place: Place, addresses: Any) -> list[str]:
        if set(addresses) != {"127.0.0.1"}:
            raise AddressError("private")
        return list(addresses)


def test_a_name_is_resolved_once_for_a_hop_and_again_for_the_next(web: Web, answer: Reply) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    client = Client("x", Loopback(), PATIENT, lambda host, port: answers.pop(0))
    web.answers |= {"/": answer(302, location="/next"), "/next": answer(200, b"inside")}
    assert code_of(client, f"http://rebinding.test:{web.host.rsplit(':')[-1]}/") == "address"
    assert web.paths() == ["/"]
    assert answers == []


def test_names_that_do_not_resolve_and_hosts_that_do_not_answer(resolver: Any) -> None:
    client = Client("x", Allowed.of(["a.test"]), PATIENT, resolver)
    assert code_of(client, "http://nowhere.invalid/") == "dns"
    assert code_of(client, "http://a.test:1/") == "connect"


def test_a_resolver_that_hangs_ends_with_the_time(hurried: Client, web: Web) -> None:
    awake = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        awake.wait(30)
        return ["127.0.0.1"]

    start = time.monotonic()
    assert code_of(replace(hurried, resolve=hang), web.url) == "timeout"
    assert time.monotonic() - start < 10  # it would hang for three times as long
    awake.set()
    assert web.asked == []


# Slow and endless ----------------------------------------------------------------------------------------------------


def drip(*, header: bool) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if not header:
            handler.send_response(200)
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(400):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize("header", [False, True])
def test_a_slow_drip_ends_with_its_time(hurried: Client, web: Web, header: bool) -> None:
    web.answers["/"] = drip(header=header)
    start = time.monotonic()
    assert code_of(hurried, web.url) == "timeout"
    assert time.monotonic() - start < 10  # it would drip for twice as long


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(3_000):
        handler.wfile.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")


def test_an_endless_answer_ends_with_its_size(client: Client, web: Web) -> None:
    web.answers["/"] = endless
    assert code_of(client, web.url) == "too_large"


def test_redirects_share_one_deadline(hurried: Client, web: Web, answer: Reply) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.25)
        answer(302, location="/")(handler)

    web.answers["/"] = slow
    assert code_of(hurried, web.url) == "timeout"
    assert len(web.paths()) <= 4


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"", "protocol"), (b"SSH-2.0-OpenSSH\r\n", "protocol"),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "protocol"),
     (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nshort", "encoding"),
     # Cut off on its way here, and before it was sent: its length tells nothing.
     (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + GZIPPED[:-30], "encoding"),
     (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 40\r\n\r\n" + GZIPPED[:40], "encoding"),
     (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n" + brotli.compress(bytes(9999))[:-1], "encoding"),
     (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n", "protocol"),
     (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "protocol"),
     (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "protocol")],
)  # fmt: skip
def test_what_is_no_whole_answer_is_none(client: Client, web: Web, sent: bytes, code: str) -> None:
    web.answers["/"] = lambda handler: handler.wfile.write(sent)
    assert code_of(client, web.url) == code


# TLS -----------------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls_is_spoken_with_the_name_though_the_connection_goes_to_the_address(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "secure.test")
    names, hosts = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            if self.path == "/slow":
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                for _ in range(40):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            else:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        def log_message(self, *words: Any) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *request: Any) -> None:
            pass

    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    serving.sni_callback = lambda sock, name, context: names.append(name)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = serving.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        host = f"secure.test:{server.server_port}"
        known = ssl.create_default_context(cafile=str(pem))
        allowed = Allowed.of(["secure.test", "other.test"])
        client = Client("x", allowed, PATIENT, lambda *place: ["127.0.0.1"], tls=known)
        assert client.fetch(f"https://{host}/").body == b"ok"
        assert (names, hosts) == (["secure.test"], [host])
        assert code_of(replace(client, bounds=HURRIED), f"https://{host}/slow") == "timeout"
        assert code_of(client, f"https://other.test:{server.server_port}/") == "tls"
        assert code_of(Client("x", allowed, PATIENT, lambda *place: ["127.0.0.1"]), f"https://{host}/") == "tls"
        server.shutdown()
        thread.join()
