"""Clinical methods: randomisation, group-sequential design, survival."""
