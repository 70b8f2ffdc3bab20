"""Numbers that know where they came from: results of registered methods, recomputed at will; jobs with progress."""
