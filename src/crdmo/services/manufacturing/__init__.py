"""Manufacturing: master batch records, executed batches, equipment, and their review by exception."""
