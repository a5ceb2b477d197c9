"""People on duty: who works in which role at a unit, for how long, given and taken back by a case."""
