"""Tests of target lists and rankings."""
