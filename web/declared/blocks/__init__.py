"""The kinds of blocks: each module turns a declared block and a look at the page into what its template draws."""
