"""The registry of people: who they are, by which papers and numbers, found by what they show or say."""
