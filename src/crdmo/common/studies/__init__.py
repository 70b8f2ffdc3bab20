"""Studies: protocols, arms, visits, subjects, observations: what preclinical and clinical studies share."""
