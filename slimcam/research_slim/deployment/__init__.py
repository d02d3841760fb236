"""`deployment` of research/slim: one model on several devices or machines."""
