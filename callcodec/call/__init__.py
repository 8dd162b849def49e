"""One end of a call: a sender and a receiver on one endpoint, under a real or a simulated clock."""
