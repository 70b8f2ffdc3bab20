"""SEND: packages of transport files that come in as a study, and studies that go out as one."""
