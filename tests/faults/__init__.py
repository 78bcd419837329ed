"""What goes wrong on purpose: processes killed, stopped, doubled and left behind."""
