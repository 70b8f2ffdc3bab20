"""The ledger: the legal record, and the one way to write.

    with ledger.act(person, "quality.receive_sample", reason="") as act:
        sample = act.create(Sample, program=program, code="S-0001", ...)

Everything a person does is an act; each record version that it writes is one entry of one hash chain.
"""
