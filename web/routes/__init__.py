"""One module per noun of the screens; each route reads the request, calls public verbs, shows a page."""
