"""The files a checkpoint's weights are published in, read without running anything."""
