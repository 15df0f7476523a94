"""The one-machine default: everything in one folder, started and stopped by `./run`."""
