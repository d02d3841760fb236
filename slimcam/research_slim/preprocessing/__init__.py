"""`preprocessing` of research/slim: what its nets were trained and measured on, as operations of the graph."""
