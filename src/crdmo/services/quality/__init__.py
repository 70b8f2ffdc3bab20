"""Quality control: specifications, samples, tests, investigations, stability, certificates, disposition."""
