"""`datasets` of research/slim: image classification from TFRecords, for slim's DatasetDataProvider."""
