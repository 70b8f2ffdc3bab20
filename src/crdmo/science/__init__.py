"""The methods: pure functions with published answers. Nothing in here knows of Django, files or clocks."""
