"""Pages of the nouns that services share: contracts and materials."""
