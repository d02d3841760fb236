"""Sources: from what holds a model to a Model; load() is in loading. Nothing is imported here, so options are light."""
