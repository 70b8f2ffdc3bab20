"""Quality control: rounding and verdicts, stability, validation, dissolution, control charts."""
