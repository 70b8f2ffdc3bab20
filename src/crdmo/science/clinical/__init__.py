"""Clinical methods: randomisation and group-sequential design."""
