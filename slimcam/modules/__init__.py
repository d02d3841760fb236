"""Modules as a program sees them: another module's names, with some changed, and a word on those that are not there."""
