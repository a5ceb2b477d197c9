"""What a site says of itself to the public: place, tables, who is in charge, when it is open."""
