"""The rows of METHODS, a file for each kind: names, parameters, costs and sources; no arithmetic."""
