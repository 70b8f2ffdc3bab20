"""Forms of quality control, one file a desk."""
