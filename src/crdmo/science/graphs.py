"""The drawings of how things hang together, under the name by which pages ask for them."""

from __future__ import annotations

from .figures import MOST_NODES, Bar, Node, gantt, genealogy, thread_graph

__all__ = ["MOST_NODES", "Bar", "Node", "gantt", "genealogy", "thread_graph"]
