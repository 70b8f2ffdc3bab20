"""The application of the benchmarks' tables."""

from django.apps import AppConfig


class PeersConfig(AppConfig):
    """Tables of the benchmarks; never installed elsewhere."""

    name = "bench.peers"
    label = "peers"
