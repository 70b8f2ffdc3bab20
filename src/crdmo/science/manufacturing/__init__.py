"""Methods of manufacturing: charges, weights, yields."""
