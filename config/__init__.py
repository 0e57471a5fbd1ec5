"""The differences between environments: typed values, checked before any resource is made."""
