"""Tests of the H.264 reader."""
