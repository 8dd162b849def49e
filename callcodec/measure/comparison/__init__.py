"""This codec against what else a user could pick: points, their figures clip by clip, and what follows from them."""
