"""The verbs of quality control. The only place that writes its records; pages, API, CLI and demo all call these."""
