"""How each style lays documentation out, and what it reads in one."""
