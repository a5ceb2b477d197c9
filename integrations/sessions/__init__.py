"""Rounds, sessions of a site, their hourly places, who is listed, who is booked, and who came."""
