"""BPMN and YAML in, an immutable process model out."""
