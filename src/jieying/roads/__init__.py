"""How far, by road and in time. A routing engine of its own: of the house it imports only `kit` and
`citypack.model`, so it can be tested, measured and replaced alone."""
