"""The suite as a pytest plugin, also where pytest does not take the clone's own configuration."""

pytest_plugins = ["memtests.plugins"]
