"""Process development: designs of experiments and their analysis."""
