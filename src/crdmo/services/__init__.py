"""The eight services, one room each. They never import each other."""
