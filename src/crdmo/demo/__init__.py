"""A program played from its contract to its released lot, by the same verbs that pages call, by a dozen people.

Where a number is published, the publication stands beside it; the others are simulated from a seed and labelled so.
"""
