"""The physical thread: substances, lots, containers, samples, and where each quantity came from."""
