"""The store on an S3 server: moto's, which speaks the protocol over HTTP in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest

from crdmo.foundation.datasets import store
from crdmo.foundation.datasets.store import BlobAltered, BlobMissing

pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
pytest.importorskip("moto.server", reason="moto's server is not installed")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture(autouse=True)
def bucket(server: str, settings, tmp_path, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"crdmo-{uuid.uuid4().hex[:12]}"
    settings.STORAGE_URL = f"s3://{name}/files"
    settings.HOME = tmp_path
    remote = store.backend()
    remote.fs.mkdir(name)
    return remote


def test_bytes_come_back_from_an_object_store():
    name = store.put(b"hello")
    assert store.get(name) == b"hello"
    assert store.size(name) == 5
    assert list(store.names()) == [name]


def test_a_large_file_goes_up_in_parts_and_comes_back(tmp_path):
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * (60 << 12))
    name = store.put_file(source)
    assert store.path(name).read_bytes() == source.read_bytes()


def test_a_missing_object_is_told():
    with pytest.raises(BlobMissing, match="the store holds no such file"):
        store.get(store.name_of(b"never stored"))


def test_an_altered_object_is_refused(bucket):
    name = store.put(b"hello")
    digest = name.removeprefix("sha256:")
    bucket.fs.pipe_file(f"{bucket.root}/sha256/{digest[:2]}/{digest[2:]}", b"hullo")
    assert isinstance(store.problem(name), BlobAltered)
    with pytest.raises(BlobAltered, match="altered"):
        store.open(name)
