"""The quality system: deviations, CAPA, change control, training, suppliers, review of the audit trail."""
