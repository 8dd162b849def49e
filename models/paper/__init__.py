"""`paper`: the audio-visual upsampler of Hegde et al. (ACM MM 2022), part by part."""
