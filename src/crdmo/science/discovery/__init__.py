"""Drug discovery: plates, dose-response curves and compounds."""
