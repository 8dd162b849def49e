"""Where the head is: detection, one steady square box around it, and how good a portrait a picture makes."""
