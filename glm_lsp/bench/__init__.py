"""What completing costs on this machine: measured, stored and drawn."""
