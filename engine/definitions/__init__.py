"""Publishing: bundles of a process read, checked, compared, tried out, approved and found again by version."""
