"""The upsampler on clips of people it never saw: every bar, every method beside it, every ablation."""
